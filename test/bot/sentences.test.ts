import { expect, it } from "vitest";
import { calendar, pnl } from "../../src/bot/daily-text.ts";

it("sentences are broken by the phone, not in the middle by an indented line of the source", () => {
  for (const sentence of [pnl.usage(), calendar.missingYear(2027), pnl.none(), pnl.badDate()])
    expect(sentence.toString()).not.toContain("\n");
});
