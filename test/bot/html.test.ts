import { describe, expect, it } from "vitest";
import { html } from "../../src/bot/html.ts";
import { signedRupees } from "../../src/bot/render/amounts.ts";
import { paise } from "../../src/domain/money.ts";

describe("a text in a message", () => {
  it("hides and reorders nothing, wherever it came from, and keeps the joiners of emoji and Indic words", () => {
    const name = "\u202E000,01₹\u202C SB\u200BIN\u2066 👨‍👩‍👧 क्‍ष ❤️";
    expect(html`<b>${name}</b>`.toString()).toBe("<b>000,01₹ SBIN 👨‍👩‍👧 क्‍ष ❤️</b>");
    expect(html`<pre>${name}</pre>`.toString()).toBe("<pre>000,01₹ SBIN 👨‍👩‍👧 क्‍ष ❤️</pre>");
    expect(html`${[name, html`${name}`]}`.toString()).toBe("000,01₹ SBIN 👨‍👩‍👧 क्‍ष ❤️".repeat(2));
  });
});

describe("an amount in a message", () => {
  const [loss, gain] = [signedRupees(paise(-123_400)), signedRupees(paise(123_400))];

  it("keeps its sign on the same line, so that a loss cannot read as a gain", () => {
    expect(html`Today <b>${loss}</b>, ${gain} net`.toString()).toBe(
      "Today <b>−\u2060₹1,234.00</b>, +\u2060₹1,234.00 net",
    );
  });

  it("gets no extra character in a table, whose columns are aligned already", () => {
    expect(html`<pre>${loss}</pre>`.toString()).toBe("<pre>−₹1,234.00</pre>");
  });
});
