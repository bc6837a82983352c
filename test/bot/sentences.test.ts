import { lateNote } from "../../src/bot/text.ts";
import { expect, it } from "vitest";
import { calendar, pnl } from "../../src/bot/daily-text.ts";

it("texts have no line break inside a sentence from the source's own lines", () => {
  for (const sentence of [pnl.usage(), calendar.missingYear(2027), pnl.none(), pnl.badDate()])
    expect(sentence.toString()).not.toContain("\n");
});

it("says how late a message is in minutes, and in hours from two on", () => {
  const late = [7, 119, 120, 438].map((minutes) => lateNote(minutes * 60_000));
  expect(late).toEqual(
    [7, 119].map((minutes) => `<i>${minutes} min late:</i>`).concat("<i>2 h late:</i>", "<i>7 h late:</i>"),
  );
});
