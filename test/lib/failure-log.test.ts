import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { createFailureLog } from "../../src/lib/failure-log.ts";

const MINUTE_MS = 60_000;

describe("a failure that is tried again by itself", () => {
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

  it("is said at once, then ever more rarely with how often it came, and its end once", () => {
    const { said, failures, fail, during } = started();
    during(180, fail);
    expect(said.map(({ minute, msg }) => [minute, msg])).toEqual(
      [0, 1, 3, 7, 15, 31, 63, 95, 127, 159].map((at) => [at, "gone"]),
    );
    expect(said[2]).toMatchObject({ loop: "x", times: 361, err: { message: "no" } });
    said.length = 0;
    during(5, failures.recovered);
    expect(said.map(({ msg }) => msg)).toEqual(["back"]);
  });

  it("is no flood when it comes and goes", () => {
    const { said, failures, fail, during } = started();
    during(60, () => (fail(), failures.recovered()));
    expect(said.length).toBeLessThan(15);
  });

  it("is said at once again after a long quiet", () => {
    const { said, failures, fail, during } = started();
    during(5, fail);
    during(60, failures.recovered);
    said.length = 0;
    fail();
    expect(said).toEqual([expect.objectContaining({ msg: "gone", times: 1 })]);
  });
});
