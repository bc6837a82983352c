import { describe, expect, it } from "vitest";
import { html } from "../../src/bot/html.ts";
import { signedRupees } from "../../src/bot/render/amounts.ts";
import { paise } from "../../src/domain/money.ts";

describe("an amount in a message", () => {
  const [loss, gain] = [signedRupees(paise(-123_400)), signedRupees(paise(123_400))];

  it("keeps its sign where a line of text ends, so that no loss reads as a gain", () => {
    expect(html`Today <b>${loss}</b>, ${gain} net`.toString()).toBe(
      "Today <b>−\u2060₹1,234.00</b>, +\u2060₹1,234.00 net",
    );
  });

  it("is as wide as it was measured in a table", () => {
    expect(html`<pre>${loss}</pre>`.toString()).toBe("<pre>−₹1,234.00</pre>");
  });
});
