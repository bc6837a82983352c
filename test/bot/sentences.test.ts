import { expect, it } from "vitest";
import { calendar, pnl } from "../../src/bot/daily-text.ts";

it("texts have no line break inside a sentence from the source's own lines", () => {
  for (const sentence of [pnl.usage(), calendar.missingYear(2027), pnl.none(), pnl.badDate()])
    expect(sentence.toString()).not.toContain("\n");
});
