import { expect, it } from "vitest";
import { createSharedReads } from "../../../src/services/portfolio/shared-reads.ts";

it("a read that waits longer for its answer than an answer is fresh is shared all the same", async () => {
  let now = 0;
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const shared = createSharedReads<number>({ clock, max: 10 });
  const answers: PromiseWithResolvers<ReadonlyMap<string, number>>[] = [];
  const ask = () => {
    const answer = Promise.withResolvers<ReadonlyMap<string, number>>();
    answers.push(answer);
    return answer.promise;
  };
  const first = shared.read(["SBIN"], 1_000, ask);
  now = 5_000;
  const second = shared.read(["SBIN"], 1_000, ask);
  expect(answers).toHaveLength(1);
  answers[0]?.resolve(new Map([["SBIN", 100]]));
  expect(await Promise.all([first, second])).toEqual([new Map([["SBIN", 100]]), new Map([["SBIN", 100]])]);
  void shared.read(["SBIN"], 1_000, ask);
  expect(answers).toHaveLength(2);
});
