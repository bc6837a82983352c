import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatText } from "../../playground/telegram/formatted-text.ts";
import { html, lines } from "../../src/bot/html.ts";
import { cutHtml, MAX_CAPTION, MAX_TEXT, visible } from "../../src/lib/cut-html.ts";

describe("text for Telegram", () => {
  it("stays as it is when it fits, not counting tags and entities", () => {
    const fits = html`<b>${"&".repeat(500)}</b>`.toString();
    expect(cutHtml(fits, 500)).toBe(fits);
    expect(cutHtml(fits, 499)).not.toBe(fits);
  });

  it("is cut at a line's end with its tags closed when it does not fit", () => {
    const rows = Array.from({ length: 300 }, (_, at) => html`<b>${at}</b> <i>some words</i>`);
    const cut = cutHtml(
      html`<pre>${"h"}</pre><blockquote expandable>${lines(...rows)}</blockquote>`.toString(),
      MAX_CAPTION,
    );
    expect(visible(cut).length).toBeLessThanOrEqual(MAX_CAPTION);
    expect(cut).toMatch(/some words<\/i><\/blockquote>\n…$/);
  });

  it("is always accepted by Telegram after the cut, whatever it contains", () => {
    const word = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("&", "<b>", "\n", "🏦", "x".repeat(590)));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
        const whole = lines(
          html`<b>T</b>`,
          ...words.map((each) => html`<blockquote><i>${each.toWellFormed()}</i> &amp;</blockquote>`),
        );
        const cut = cutHtml(whole.toString(), MAX_TEXT);
        expect(formatText({ text: cut, parse_mode: "HTML" }).text.length).toBeLessThanOrEqual(MAX_TEXT);
      }),
    );
  });
});
