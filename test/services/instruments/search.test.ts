import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { equitySymbol, ticker } from "../../../src/domain/instrument.ts";
import type { Resolution } from "../../../src/services/instruments/types.ts";
import { DAY, MINUTE } from "../../connectors/paper/floor.ts";
import { FYERS, option, openHarness, PAPER, share, SMALL_MARKET, venue, ZERODHA } from "./harness.ts";

const symbols = (found: readonly Instrument[]): string[] => found.map(({ symbol }) => symbol);

function told(resolution: Resolution): string {
  switch (resolution.kind) {
    case "one":
      return resolution.instrument.symbol;
    case "many":
      return `many: ${symbols(resolution.candidates).join(" ")}`;
    case "none":
      return `none: ${symbols(resolution.suggestions).join(" ")}`;
  }
}

/** Resolves in a process that has loaded the small market. */
async function resolver() {
  const harness = openHarness();
  harness.linked.push(ZERODHA);
  const instruments = harness.start();
  return async (text: string): Promise<string> => told(await instruments.resolve(text));
}

describe("what a text resolves to", () => {
  it.each([
    ["SBIN", "NSE:SBIN-EQ"],
    ["sbin", "NSE:SBIN-EQ"],
    ["  sbin ", "NSE:SBIN-EQ"],
    ["NSE:SBIN-EQ", "NSE:SBIN-EQ"],
    ["nse:sbin", "NSE:SBIN-EQ"],
    ["BSE:SBIN", "BSE:SBIN"],
    ["sbin bse", "BSE:SBIN"],
    ["m&m", "NSE:M&M-EQ"],
    ["bajaj auto", "NSE:BAJAJ-AUTO-EQ"],
    ["bajaj-auto", "NSE:BAJAJ-AUTO-EQ"],
    ["tata steel", "NSE:TATASTEEL-EQ"],
    ["state bank of india", "NSE:SBIN-EQ"],
    ["reliance industries ltd", "NSE:RELIANCE-EQ"],
    ["bse", "NSE:BSE-EQ"],
    ["twin", "NSE:TWIN-BE"],
    ["onlybse", "BSE:ONLYBSE"],
    ["nifty", "NSE:NIFTY50-INDEX"],
    ["nifty 50", "NSE:NIFTY50-INDEX"],
    ["banknifty", "NSE:NIFTYBANK-INDEX"],
    ["bank nifty", "NSE:NIFTYBANK-INDEX"],
    ["sensex", "BSE:SENSEX-INDEX"],
    ["NIFTY26NOV26000CE", "NSE:NIFTY26NOV26000CE"],
    ["NFO:NIFTY26NOV26000CE", "NSE:NIFTY26NOV26000CE"],
    ["nifty26d0126000pe", "NSE:NIFTY26D0126000PE"],
    ["nifty 26000 ce next week", "NSE:NIFTY26D0126000CE"],
    ["nifty weekly 26000 ce", "NSE:NIFTY26NOV26000CE"],
    ["nifty 26000 ce monthly", "NSE:NIFTY26NOV26000CE"],
    ["nifty next month 26000 ce", "NSE:NIFTY26DEC26000CE"],
    ["nifty 24 nov 26000 pe", "NSE:NIFTY26NOV26000PE"],
    ["nifty nov 26000 pe", "NSE:NIFTY26NOV26000PE"],
    ["nifty nov 2026 26000 pe", "NSE:NIFTY26NOV26000PE"],
    ["nifty 8dec 26000pe", "NSE:NIFTY26D0826000PE"],
    ["banknifty nov fut", "NSE:BANKNIFTY26NOVFUT"],
    ["reliance dec fut", "NSE:RELIANCE26DECFUT"],
    ["reliance dec fut bse", "BSE:RELIANCE26DECFUT"],
    ["bse jan fut", "NSE:BSE27JANFUT"],
    ["sbin fut", "NSE:SBIN26NOVFUT"],
  ])("%s resolves to %s", async (text, symbol) => {
    expect(await (await resolver())(text)).toBe(symbol);
  });

  it.each([
    ["reliance fut", "many: NSE:RELIANCE26NOVFUT NSE:RELIANCE26DECFUT NSE:RELIANCE27JANFUT"],
    ["nifty 26000 ce", "many: NSE:NIFTY26NOV26000CE NSE:NIFTY26D0126000CE NSE:NIFTY26D0826000CE NSE:NIFTY26DEC26000CE"],
    ["nifty dec 26000 ce", "many: NSE:NIFTY26D0126000CE NSE:NIFTY26D0826000CE NSE:NIFTY26DEC26000CE"],
    ["nifty 24 nov 26000", "many: NSE:NIFTY26NOV26000CE NSE:NIFTY26NOV26000PE"],
    ["nifty nov", "many: NSE:NIFTY26NOVFUT"],
    // November 2026, or the 26th, on which nothing expires.
    ["nifty 26 nov 26000 ce", "many: NSE:NIFTY26NOV26000CE"],
    ["reliance nov 26 fut", "many: NSE:RELIANCE26NOVFUT"],
    // Listed in one expiry only, but the text does not say which expiry is meant.
    ["nifty 30000 ce", "many: NSE:NIFTY26DEC30000CE"],
    // Reliance has no weekly expiries: the second nearest is five weeks away.
    ["reliance 1480 ce next week", "many: NSE:RELIANCE26DEC1480CE"],
    ["reliance industries dec 1480 pe", "many: NSE:RELIANCE26DEC1480PE"],
    ["debtco", "many: NSE:DEBTCO-N1 NSE:DEBTCO-N2"],
    ["state bank", "many: NSE:SBIN-EQ BSE:SBIN"],
    ["tata", "many: NSE:TATASTEEL-EQ NSE:TATAELXSI-EQ NSE:TATABOND-N1"],
  ])("%s is ambiguous, so the user picks", async (text, expected) => {
    expect(await (await resolver())(text)).toBe(expected);
  });

  it.each([
    ["relaince", "none: NSE:RELIANCE-EQ NSE:RPOWER-EQ BSE:RELIANCE"],
    ["relaince dec 1480 ce", "none: NSE:RELIANCE26DEC1480CE NSE:RELIANCE26NOV1480CE"],
    [
      "nifty 24 nov 26010 ce",
      "none: NSE:NIFTY26NOV25900CE NSE:NIFTY26NOV25950CE NSE:NIFTY26NOV26000CE NSE:NIFTY26NOV26050CE",
    ],
    [
      "NIFTY26NOV27000CE",
      "none: NSE:NIFTY26NOV25900CE NSE:NIFTY26NOV25950CE NSE:NIFTY26NOV26000CE NSE:NIFTY26NOV26050CE",
    ],
    ["onlybse nse", "none: "],
    ["xyzzy", "none: "],
    ["", "none: "],
    [":", "none: "],
  ])("%s is unknown, with suggestions", async (text, expected) => {
    expect(await (await resolver())(text)).toBe(expected);
  });

  it("accepts a BSE scrip code", async () => {
    const reliance = SMALL_MARKET.find(({ symbol }) => symbol === "BSE:RELIANCE");
    expect(await (await resolver())(reliance!.key.slice(4))).toBe("BSE:RELIANCE");
  });

  it("accepts a broker's own contract symbol", async () => {
    const harness = openHarness();
    const contract = option("NFO", "NIFTY", { expiry: "2026-12-15", isMonthly: false, strike: 26_000, type: "CE" });
    harness.master(ZERODHA).rows = [{ ...venue(contract), venueSymbol: "NIFTY15DEC2626000CE" }];
    harness.linked.push(ZERODHA);
    expect(told(await harness.start().resolve("nifty15dec2626000ce"))).toBe(contract.symbol);
  });

  it("does not offer a contract after its last session", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    const instruments = harness.start({ firstExpiry: () => "2026-11-25" });
    expect(told(await instruments.resolve("nifty weekly 26000 ce"))).toBe("NSE:NIFTY26D0126000CE");
    expect(told(await instruments.resolve("reliance fut"))).toBe("many: NSE:RELIANCE26DECFUT NSE:RELIANCE27JANFUT");
  });

  it("counts months from today even after the last session of the 30th", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    harness.floor.now += 7 * DAY;
    const instruments = harness.start({ firstExpiry: () => "2026-12-01" });
    expect(told(await instruments.resolve("reliance next month fut"))).toBe(
      "many: NSE:RELIANCE26DECFUT NSE:RELIANCE27JANFUT",
    );
  });

  it("does not offer expired contracts", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    const instruments = harness.start();
    await instruments.search("nifty", 1);
    harness.floor.now += 2 * DAY;
    expect(told(await instruments.resolve("reliance fut"))).toBe("many: NSE:RELIANCE26DECFUT NSE:RELIANCE27JANFUT");
  });
});

describe("search", () => {
  async function found(text: string, limit = 6): Promise<string[]> {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    return symbols(await harness.start().search(text, limit));
  }

  it("puts the exact ticker first, NSE before BSE, then the near futures", async () => {
    expect(await found("reliance", 7)).toEqual([
      "NSE:RELIANCE-EQ",
      "BSE:RELIANCE",
      "NSE:RPOWER-EQ",
      "NSE:RELIANCE26NOVFUT",
      "NSE:RELIANCE26DECFUT",
      "NSE:RELIANCE27JANFUT",
    ]);
  });

  it("puts the Nifty 50 before other shares, and shares before bonds", async () => {
    expect(await found("tata")).toEqual(["NSE:TATASTEEL-EQ", "NSE:TATAELXSI-EQ", "NSE:TATABOND-N1"]);
    expect((await found("sbi", 2))[0]).toBe("NSE:SBIN-EQ");
  });

  it("puts the expiry asked for before the others", async () => {
    expect(await found("nifty 26000 ce next week", 3)).toEqual([
      "NSE:NIFTY26D0126000CE",
      "NSE:NIFTY26NOV26000CE",
      "NSE:NIFTY26D0826000CE",
    ]);
  });

  it("lists strikes ascending when none is given", async () => {
    expect(await found("nifty 1 dec pe", 4)).toEqual([
      "NSE:NIFTY26D0125900PE",
      "NSE:NIFTY26D0125950PE",
      "NSE:NIFTY26D0126000PE",
      "NSE:NIFTY26D0126050PE",
    ]);
  });

  it("finds a name by prefixes of its words, in any order", async () => {
    expect(await found("bank st")).toEqual(["NSE:SBIN-EQ", "BSE:SBIN"]);
    expect(await found("life sbi")).toEqual(["NSE:SBILIFE-EQ"]);
  });

  it("forgives misspellings", async () => {
    expect(await found("relaince")).toContain("NSE:RELIANCE-EQ");
    expect(await found("mahindar")).toEqual(["NSE:M&M-EQ"]);
  });

  it("returns no more than the limit, and nothing for an empty text", async () => {
    expect(await found("nifty 26000 ce", 2)).toHaveLength(2);
    expect(await found("nifty", 0)).toEqual([]);
    expect(await found("   ")).toEqual([]);
  });
});

describe("the searched masters", () => {
  it("are the paper exchange's while no real broker is linked", async () => {
    const harness = openHarness({ hasPaper: true });
    const instruments = harness.start();
    expect(symbols(await instruments.search("titan", 1))).toEqual(["NSE:TITAN-EQ"]);
    expect(harness.master(ZERODHA).downloads).toBe(0);
  });

  it("include a linked broker's, followed by the paper exchange's", async () => {
    const harness = openHarness({ hasPaper: true });
    const instruments = harness.start();
    await instruments.search("titan", 1);
    harness.linked.push(ZERODHA);
    expect(told(await instruments.resolve("onlybse"))).toBe("BSE:ONLYBSE");
    expect(told(await instruments.resolve("titan"))).toBe("NSE:TITAN-EQ");
  });

  it("do not cost a scan of all links per symbol, only every few seconds", async () => {
    const harness = openHarness({ hasPaper: true });
    const instruments = harness.start();
    for (const text of ["titan", "sbin", "titan"]) await instruments.resolve(text);
    expect(harness.looks()).toBe(1);
    harness.floor.now += 5_000;
    await instruments.resolve("titan");
    expect(harness.looks()).toBe(2);
  });

  it("yield a contract with two tokens once, with the real broker's key", async () => {
    const harness = openHarness({ hasPaper: true });
    harness.linked.push(ZERODHA);
    const instruments = harness.start();
    const [found] = await instruments.search("NSE:BANKNIFTY26DECFUT", 5);
    const real = SMALL_MARKET.find(({ symbol }) => symbol === "NSE:BANKNIFTY26DECFUT");
    expect(found?.key).toBe(real?.key);
    const paper = (await instruments.table(PAPER)).bySymbol(found!.symbol)!.instrument;
    expect(paper.key).not.toBe(found?.key);
    expect(await instruments.byKey(paper.key)).toEqual(paper);
  });

  it("yield a renamed share once, although one master still has the old name", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    harness.linked.push(ZERODHA);
    const now = share("NSE", "ETERNAL", "ETERNAL LIMITED");
    const before = { ...now, symbol: equitySymbol("NSE", "ZOMATO", "EQ") } as Instrument;
    harness.master(FYERS).rows = [venue(before)];
    const instruments = harness.start();
    await instruments.table(FYERS);
    harness.floor.now += MINUTE;
    harness.master(ZERODHA).rows = [venue(now)];
    await instruments.table(ZERODHA);
    expect(symbols(await instruments.search("eternal", 5))).toEqual(["NSE:ETERNAL-EQ"]);
    expect(told(await instruments.resolve("zomato"))).toBe("NSE:ZOMATO-EQ");
  });

  it("grow with every loaded master", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    harness.linked.push(ZERODHA);
    const only = share("NSE", "FYERSONLY", "ONLY IN ONE MASTER");
    harness.master(FYERS).rows = [venue(only)];
    const instruments = harness.start();
    expect((await instruments.resolve("fyersonly")).kind).toBe("none");
    await instruments.table(FYERS);
    expect(await instruments.resolve("fyersonly")).toEqual({ kind: "one", instrument: only });
    expect(await instruments.byKey(only.key)).toEqual(only);
  });

  it("tell which shares have futures, or null while no master with futures is loaded", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    const market = harness.start();
    const has = (symbol: string): boolean | null =>
      market.hasFutures(SMALL_MARKET.find((each) => each.symbol === symbol) as Instrument);
    const some = ["NSE:SBIN-EQ", "BSE:RELIANCE", "NSE:TATASTEEL-EQ", "BSE:ONLYBSE"];
    expect(some.map(has)).toEqual([null, null, null, null]);
    await market.resolve("SBIN");
    expect(some.map(has)).toEqual([true, true, false, false]);
    const cash = openHarness();
    cash.linked.push(ZERODHA);
    cash.master(ZERODHA).rows = SMALL_MARKET.filter(({ kind }) => kind === "equity").map(venue);
    const shares = cash.start();
    await shares.resolve("SBIN");
    expect(shares.hasFutures(SMALL_MARKET[0] as Instrument)).toBeNull();
  });

  it("supply the name from whichever has one", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    const named = share("NSE", "SHORT", "A LONG AND TELLING NAME");
    const other = share("NSE", "OTHER", "THE NAME OF THE OTHER");
    harness.master(ZERODHA).rows = [venue({ ...named, name: "SHORT" }), venue(other)];
    harness.master(FYERS).rows = [venue(named), venue({ ...other, name: "OTHER" })];
    const instruments = harness.start();
    await Promise.all([instruments.table(ZERODHA), instruments.table(FYERS)]);
    expect(symbols(await instruments.search("telling", 5))).toEqual([named.symbol]);
    expect(symbols(await instruments.search("short", 5))).toEqual([named.symbol]);
    for (const share of [named, other]) {
      expect(await instruments.byKey(share.key)).toEqual(share);
      expect(await instruments.resolve(share.symbol)).toEqual({ kind: "one", instrument: share });
    }
  });

  it("fall back to another broker when the first does not answer", async () => {
    const harness = openHarness({ brokers: [ZERODHA, FYERS] });
    harness.master(ZERODHA).isDown = true;
    const instruments = harness.start();
    expect((await instruments.resolve("sbin")).kind).toBe("one");
    expect(harness.master(FYERS).downloads).toBe(1);
  });

  it("are empty, without an error, while no broker answers, and are retried a minute later", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    harness.master(ZERODHA).isDown = true;
    const instruments = harness.start();
    expect(await instruments.search("sbin", 5)).toEqual([]);
    await instruments.resolve("sbin");
    expect(harness.master(ZERODHA).downloads).toBe(1);
    harness.master(ZERODHA).isDown = false;
    harness.floor.now += 2 * MINUTE;
    expect((await instruments.resolve("sbin")).kind).toBe("one");
  });

  it("are retried after the clock was set back", async () => {
    const harness = openHarness();
    harness.linked.push(ZERODHA);
    harness.master(ZERODHA).isDown = true;
    const instruments = harness.start();
    expect(await instruments.search("sbin", 5)).toEqual([]);
    harness.master(ZERODHA).isDown = false;
    harness.floor.now -= 24 * 60 * MINUTE;
    expect((await instruments.resolve("sbin")).kind).toBe("one");
  });
});

describe("on the whole paper exchange", () => {
  it("every symbol resolves to itself", async () => {
    const harness = openHarness({ hasPaper: true });
    const instruments = harness.start();
    for (const instrument of harness.floor.exchange.instruments) {
      expect(await instruments.resolve(instrument.symbol)).toEqual({ kind: "one", instrument });
      expect((await instruments.search(instrument.symbol, 1))[0]).toEqual(instrument);
      expect(await instruments.byKey(instrument.key)).toEqual(instrument);
    }
  });

  it("every NSE ticker resolves to its symbol, in lower case too", async () => {
    const harness = openHarness({ hasPaper: true });
    const instruments = harness.start();
    for (const { symbol } of harness.floor.exchange.instruments.filter((each) => each.symbol.startsWith("NSE:"))) {
      expect(told(await instruments.resolve(ticker(symbol).toLowerCase()))).toBe(symbol);
    }
  });

  it("any text has an answer", async () => {
    const harness = openHarness({ hasPaper: true });
    const instruments = harness.start();
    const word = fc.constantFrom(
      "nifty",
      "sbin",
      "ce",
      "fut",
      "24",
      "nov",
      "26000",
      "next",
      "week",
      "bse",
      "NSE:",
      "bank",
    );
    const text = fc
      .array(fc.oneof(word, fc.string({ unit: "binary" })), { maxLength: 6 })
      .map((words) => words.join(" "));
    await fc.assert(
      fc.asyncProperty(text, async (typed) => {
        const resolution = await instruments.resolve(typed);
        if (resolution.kind === "many") expect(resolution.candidates.length).toBeGreaterThan(0);
        const found = await instruments.search(typed, 5);
        expect(new Set(symbols(found)).size).toBe(found.length);
        expect(found.length).toBeLessThanOrEqual(5);
      }),
      { numRuns: 300 },
    );
  });
});
