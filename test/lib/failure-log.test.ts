import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createFailureLog } from "../../src/lib/failure-log.ts";

const MINUTE_MS = 60_000;

describe("the log of a failure that is retried", () => {
  function started() {
    const said: { minute: number; msg: string; times: number }[] = [];
    let at = 0;
    const destination = {
      write: (line: string) => void said.push({ minute: Math.round(at / MINUTE_MS), ...JSON.parse(line) }),
    };
    const log = createLog({ level: "info", destination });
    const failures = createFailureLog(log, { failed: "gone", recovered: "back" }, { loop: "x" }, () => at);
    const fail = (): void => failures.failed(new Error("no"));
    const during = (minutes: number, turn: () => void): void => {
      for (const end = at + minutes * MINUTE_MS; at < end; at += 500) turn();
    };
    return { said, failures, fail, during };
  }

  it("has a line at once, then ever fewer, at most half an hour apart, with the number of failures, and one line at the end", () => {
    const { said, failures, fail, during } = started();
    during(180, fail);
    expect(said.map(({ minute, msg }) => [minute, msg])).toEqual(
      [0, 1, 3, 7, 15, 31, 61, 91, 121, 151].map((at) => [at, "gone"]),
    );
    expect(said[2]).toMatchObject({ loop: "x", times: 361, err: { message: "no" } });
    said.length = 0;
    during(5, failures.recovered);
    expect(said.map(({ msg }) => msg)).toEqual(["back"]);
  });

  it("stays short when the failure comes and goes", () => {
    const { said, failures, fail, during } = started();
    during(60, () => (fail(), failures.recovered()));
    expect(said.length).toBeLessThan(15);
  });

  it("has a line at once again after a long time without failures", () => {
    const { said, failures, fail, during } = started();
    during(5, fail);
    during(60, failures.recovered);
    said.length = 0;
    fail();
    expect(said).toEqual([expect.objectContaining({ msg: "gone", times: 1 })]);
  });
});
