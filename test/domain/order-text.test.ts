import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priceFromRupees } from "../../src/domain/money.ts";
import { parseOrderText, moveQuantityToEnd, type OrderWords } from "../../src/domain/order-text.ts";

function words(text: string): OrderWords {
  const parsed = parseOrderText(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem} at ${parsed.at}`);
  return parsed.words;
}
const units = (count: number) => ({ kind: "units", count });
const lots = (count: number) => ({ kind: "lots", count });

describe("what people type", () => {
  it.each([
    ["SBIN 10", { symbolText: "SBIN", quantity: units(10), type: "MARKET", price: null, accounts: null }],
    ["sbin 1,000 @810.5", { symbolText: "sbin", quantity: units(1_000), type: "LIMIT", price: priceFromRupees(810.5) }],
    ["SBIN 10 at ₹1,810.05 mis", { type: "LIMIT", price: priceFromRupees(1810.05), product: "INTRADAY" }],
    ["SBIN 10 price 810", { symbolText: "SBIN", quantity: units(10), type: "LIMIT", price: priceFromRupees(810) }],
    ["infy 5 at 1500 limit mis", { symbolText: "infy", quantity: units(5), type: "LIMIT", product: "INTRADAY" }],
    ["SBIN 10 limit 810 cnc ioc", { type: "LIMIT", product: "CNC", validity: "IOC" }],
    ["nifty 25000 ce 2 lots", { symbolText: "nifty 25000 ce", quantity: lots(2), type: "MARKET" }],
    ["nifty 25000 ce 2lots nrml", { symbolText: "nifty 25000 ce", quantity: lots(2), product: "MARGIN" }],
    ["SBIN 10 sl 800", { type: "SL-M", triggerPrice: priceFromRupees(800), price: null }],
    ["SBIN 10 @ 799 sl 800", { type: "SL", triggerPrice: priceFromRupees(800), price: priceFromRupees(799) }],
    ["SBIN 10 sl 800 @ 799 mis amo", { type: "SL", isAmo: true, product: "INTRADAY" }],
    ["SBIN 10 stop loss 800", { symbolText: "SBIN", type: "SL-M", triggerPrice: priceFromRupees(800), price: null }],
    ["SBIN 10 Stoploss at 800 mis", { type: "SL-M", triggerPrice: priceFromRupees(800), product: "INTRADAY" }],
    ["SBIN 10 sl-m 800", { type: "SL-M", triggerPrice: priceFromRupees(800) }],
    ["SBIN 10 sl @800", { type: "SL-M", triggerPrice: priceFromRupees(800), price: null }],
    [
      "SBIN 10 @ 799 trigger price 800",
      { type: "SL", triggerPrice: priceFromRupees(800), price: priceFromRupees(799) },
    ],
    ["SBIN 10 SLM ₹ 800", { type: "SL-M", triggerPrice: priceFromRupees(800) }],
    ["SBIN all", { quantity: { kind: "all" } }],
    ["SBIN", { symbolText: "SBIN", quantity: null }],
    ["SBIN mis", { symbolText: "SBIN", product: "INTRADAY", quantity: null }],
    ["500325", { symbolText: "500325", quantity: null }],
    ["M&M 5 market", { symbolText: "M&M", quantity: units(5), type: "MARKET" }],
    ["NSE:SBIN-EQ 5 day", { symbolText: "NSE:SBIN-EQ", validity: "DAY" }],
    ["SBIN 10 @ Rs 1,000", { quantity: units(10), price: priceFromRupees(1_000) }],
    ["sbin 10 at rs.800 mis.", { price: priceFromRupees(800), product: "INTRADAY" }],
    ["SBIN 10 @ 800/-", { price: priceFromRupees(800) }],
    ["sbin 10 at 1,000 rs. mis", { quantity: units(10), price: priceFromRupees(1_000), product: "INTRADAY" }],
    ["sbin 10 @ 800rs.", { quantity: units(10), price: priceFromRupees(800) }],
    ["SBIN 10 sl 800.50 Rupees", { quantity: units(10), triggerPrice: priceFromRupees(800.5) }],
    ["SBIN 10 sl ₹ 800.", { type: "SL-M", triggerPrice: priceFromRupees(800) }],
    ["SBIN 1,00,000 @ 12,345.50", { quantity: units(100_000), price: priceFromRupees(12_345.5) }],
    ["SBIN 100,000, @ 810", { quantity: units(100_000), price: priceFromRupees(810) }],
    ["SBIN 10.", { symbolText: "SBIN", quantity: units(10) }],
    ["SBIN 10 shares", { symbolText: "SBIN", quantity: units(10) }],
    ["sbin @ 990 10", { symbolText: "sbin", quantity: units(10), price: priceFromRupees(990) }],
    ["nifty 26000 ce at 120 1 lot mis", { symbolText: "nifty 26000 ce", quantity: lots(1), type: "LIMIT" }],
    ["nse ioc 10", { symbolText: "nse ioc", quantity: units(10), validity: "DAY" }],
    ["SBIN sl 800 10 @ 799", { symbolText: "SBIN", quantity: units(10), type: "SL" }],
    ["SBIN 10 at market", { symbolText: "SBIN", quantity: units(10), type: "MARKET" }],
    ["  SBIN   10  ", { symbolText: "SBIN", quantity: units(10) }],
  ])("%s", (text, expected) => {
    expect(words(text)).toMatchObject(expected);
  });

  it.each([
    ["SBIN 10 on zerodha2", { kind: "named", parts: [{ label: "zerodha2", quantity: null }] }],
    ["SBIN 10 via Fyers", { kind: "named", parts: [{ label: "fyers", quantity: null }] }],
    ["SBIN 10 on all", { kind: "all" }],
    [
      "SBIN 10 on zerodha,fyers @ 810",
      {
        kind: "named",
        parts: [
          { label: "zerodha", quantity: null },
          { label: "fyers", quantity: null },
        ],
      },
    ],
    [
      "SBIN on zerodha: 10, fyers:2lots mis",
      {
        kind: "named",
        parts: [
          { label: "zerodha", quantity: units(10) },
          { label: "fyers", quantity: lots(2) },
        ],
      },
    ],
    [
      "SBIN on zerodha:all,fyers:5",
      {
        kind: "named",
        parts: [
          { label: "zerodha", quantity: { kind: "all" } },
          { label: "fyers", quantity: units(5) },
        ],
      },
    ],
  ])("names accounts: %s", (text, accounts) => {
    expect(words(text)).toMatchObject({ symbolText: "SBIN", accounts });
  });

  it.each([
    ["", "no-symbol"],
    ["SBIN 0", "bad-quantity"],
    ["SBIN 1.5", "bad-quantity"],
    ["SBIN -5", "bad-quantity"],
    ["SBIN 99999999", "bad-quantity"],
    ["SBIN ₹50000", "bad-quantity"],
    ["SBIN Rs. 50,000", "bad-quantity"],
    ["SBIN 50000/-", "bad-quantity"],
    ["SBIN 50000 rs", "bad-quantity"],
    ["SBIN 10 ₹810", "bad-quantity"],
    ["SBIN on zerodha:₹10", "bad-quantity"],
    ["SBIN 10,5 on zerodha,fyers", "bad-quantity"],
    ["SBIN 10,20", "bad-quantity"],
    ["nifty 25000 ce 1,2 lots", "bad-quantity"],
    ["SBIN 10 @ 990,50", "bad-price"],
    ["SBIN 10 sl 1,5", "bad-trigger"],
    ["SBIN 10 at market @ 5", "twice"],
    ["SBIN 10 @", "bad-price"],
    ["SBIN 10 limit", "bad-price"],
    ["SBIN 10 market limit", "bad-price"],
    ["SBIN 10 limit market", "bad-price"],
    ["SBIN 10 @ cheap", "bad-price"],
    ["SBIN 10 @ 0", "bad-price"],
    ["SBIN 10 @ ,", "bad-price"],
    ["SBIN 10 @ 999999999999", "bad-price"],
    ["SBIN 10 @ 1.23456", "bad-price"],
    ["SBIN 10 sl", "bad-trigger"],
    ["SBIN 10 sl x", "bad-trigger"],
    ["SBIN 10 on", "no-account"],
    ["SBIN on zerodha:", "bad-quantity"],
    ["SBIN on ,fyers", "no-account"],
    ["SBIN on a:1:2", "no-account"],
    ["SBIN 10 on a,a", "twice"],
    ["SBIN 10 mis cnc", "twice"],
    ["SBIN 10 @ 5 @ 6", "twice"],
    ["SBIN @ 5 10 @ 6", "twice"],
    ["SBIN 10 @ 5 market", "twice"],
    ["SBIN 10 ioc day", "twice"],
    ["SBIN 10 on zerodha via fyers", "twice"],
    ["SBIN 10 on zerodha:5", "twice"],
    ["SBIN 10 sl 800 trigger 790", "twice"],
    ["SBIN 10 slm 800 @ 799", "slm-price"],
    ["SBIN 10 limit 799 SL-M 800", "slm-price"],
    ["SBIN @ 799 10 slm 800", "slm-price"],
    ["SBIN 10 slm", "bad-trigger"],
    ["x".repeat(121), "too-long"],
  ])("says what is wrong with %j", (text, problem) => {
    expect(parseOrderText(text)).toMatchObject({ ok: false, problem });
  });
});

describe("an order typed with the quantity first", () => {
  it.each([
    ["10 sbin", "sbin 10"],
    ["1,000  sbin at Rs 800 mis", "sbin 1,000 at Rs 800 mis"],
    ["10 shares of SBIN", "SBIN 10"],
    ["10 shares of sbi at 1000 rs", "sbi 10 at 1000 rs"],
    ["2 lots nifty 26000 ce on zerodha", "nifty 26000 ce 2 lots on zerodha"],
    ["all sbin mis", "sbin all mis"],
    ["20 microns 5", null],
    ["SBIN 10", null],
    ["500325", null],
    ["", null],
  ])("%s is read as %s", (text, expected) => {
    expect(moveQuantityToEnd(text)?.trim() ?? null).toBe(expected);
  });
});

describe("reading any text as an order", () => {
  const bits = fc.constantFrom(
    ..."SBIN nifty 10 1,000 2lots lots all @ at limit price sl trigger on via , : zerodha a:5 mis cnc amo ioc market ₹ ₹9 rs 800/- of shares 0 -1 1e9 __proto__ constructor".split(
      " ",
    ),
  );

  it("never throws, and every accepted order is consistent", () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 130 }),
      fc.array(bits, { maxLength: 14 }).map((all) => all.join(" ")),
      fc.array(bits, { maxLength: 14 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseOrderText(text);
        if (!parsed.ok) return;
        const { quantity, price, triggerPrice, type, symbolText, accounts } = parsed.words;
        expect(symbolText).not.toBe("");
        if (quantity && quantity.kind !== "all") expect(quantity.count).toBeGreaterThan(0);
        expect(price === null || (Number.isSafeInteger(price) && price > 0)).toBe(true);
        expect({ hasPrice: price !== null, hasTrigger: triggerPrice !== null }).toEqual({
          hasPrice: type === "LIMIT" || type === "SL",
          hasTrigger: type === "SL" || type === "SL-M",
        });
        if (accounts?.kind === "named") expect(accounts.parts.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  const counts = fc.integer({ min: 1, max: 10_000_000 });
  const numbered = (kind: string, field: "price" | "triggerPrice", ...before: readonly string[]) =>
    fc.tuple(fc.constantFrom(...before), counts).map(([word, count]) => {
      return { kind, says: `${word} ${count / 100}`, words: { [field]: count * 100 } };
    });
  const worded = (kind: string, field: keyof OrderWords, values: Readonly<Record<string, unknown>>) =>
    fc.constantFrom(...Object.entries(values)).map(([says, value]) => ({ kind, says, words: { [field]: value } }));
  const at = (label: string, quantity: unknown = null) => ({ kind: "named", parts: [{ label, quantity }] });
  const prices = fc.oneof(
    numbered("price", "price", "@", "at ₹", "limit", "price"),
    numbered("trigger", "triggerPrice", "sl", "trigger", "stop", "stop loss at", "stoploss"),
    numbered("slm", "triggerPrice", "slm", "SL-M", "sl-m @"),
  );
  const terms = fc.oneof(
    prices,
    worded("market", "price", { market: null, mkt: null, "at market": null }),
    worded("product", "product", { cnc: "CNC", mis: "INTRADAY", nrml: "MARGIN", mtf: "MTF" }),
    worded("validity", "validity", { ioc: "IOC", day: "DAY" }),
    worded("amo", "isAmo", { amo: true }),
    worded("account", "accounts", { "on zerodha": at("zerodha"), "via fyers": at("fyers"), "on all": { kind: "all" } }),
    worded("account with quantity", "accounts", { "on zerodha:5": at("zerodha", { kind: "units", count: 5 }) }),
  );
  /** Kinds of terms of which an order has one at most. */
  const RIVALS = [
    ["price", "market"],
    ["price", "slm"],
    ["trigger", "slm"],
    ["account", "account with quantity"],
    ["account with quantity", "quantity"],
  ];

  it("takes an order with every term that was given, and none in which two contradict each other", () => {
    const bare = { price: null, triggerPrice: null, product: null, validity: "DAY", isAmo: false, accounts: null };
    const lists = fc.tuple(fc.array(prices, { maxLength: 1 }), fc.array(terms, { maxLength: 4 }), fc.boolean());
    fc.assert(
      fc.property(lists, counts, ([before, after, hasQuantity], count) => {
        const quantity = { kind: "quantity", says: `${count}`, words: { quantity: { kind: "units", count } } };
        const given = hasQuantity ? [...before, quantity, ...after] : after;
        const parsed = parseOrderText(["bank nifty", ...given.map(({ says }) => says)].join(" "));
        const kinds = new Set(given.map(({ kind }) => kind));
        const isClear = kinds.size === given.length && !RIVALS.some((pair) => pair.every((kind) => kinds.has(kind)));
        expect(parsed.ok).toBe(isClear);
        if (!parsed.ok) return;
        const asked = Object.assign(
          { ...bare, symbolText: "bank nifty", quantity: null },
          ...given.map((each) => each.words),
        );
        expect(parsed.words).toMatchObject(asked);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives the same order in whatever sequence its parts are typed", () => {
    const modifiers = fc.record({
      price: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
      trigger: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
      product: fc.constantFrom("cnc", "mis", "nrml", "mtf"),
      isAmo: fc.boolean(),
      isIoc: fc.boolean(),
      account: fc.option(fc.constantFrom("zerodha", "fyers2")),
    });
    const quantity = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(modifiers, quantity, fc.boolean(), fc.infiniteStream(fc.nat()), (asked, count, isLots, order) => {
        const parts = [
          ...(asked.price === null ? [] : [`@ ${asked.price / 100}`]),
          ...(asked.trigger === null ? [] : [`sl ${asked.trigger / 100}`]),
          asked.product,
          ...(asked.isAmo ? ["amo"] : []),
          ...(asked.isIoc ? ["ioc"] : []),
          ...(asked.account === null ? [] : [`on ${asked.account}`]),
        ]
          .map((part) => ({ part, at: order.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ part }) => part);
        const read = words(`bank nifty ${count}${isLots ? " lots" : ""} ${parts.join(" ")}`);
        expect(read).toMatchObject({
          symbolText: "bank nifty",
          quantity: { kind: isLots ? "lots" : "units", count },
          price: asked.price === null ? null : asked.price * 100,
          triggerPrice: asked.trigger === null ? null : asked.trigger * 100,
          product: { cnc: "CNC", mis: "INTRADAY", nrml: "MARGIN", mtf: "MTF" }[asked.product],
          isAmo: asked.isAmo,
          validity: asked.isIoc ? "IOC" : "DAY",
          accounts:
            asked.account === null ? null : { kind: "named", parts: [{ label: asked.account, quantity: null }] },
        });
      }),
    );
  });
});
