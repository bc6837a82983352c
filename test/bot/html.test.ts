import { describe, expect, it } from "vitest";
import { html } from "../../src/bot/html.ts";
import { signedRupees } from "../../src/bot/render/amounts.ts";
import { paise } from "../../src/domain/money.ts";

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
