import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  matchingExpiries,
  indexNamed,
  readInstrumentText,
  type ContractWords,
  type ExpiryWords,
} from "../../src/domain/instrument-text.ts";
import { priceFromRupees } from "../../src/domain/money.ts";

const TODAY = "2026-11-23";
const read = (text: string) => readInstrumentText(text, TODAY);
const day = (date: string): ExpiryWords => ({ kind: "day", date });
const month = (text: string): ExpiryWords => ({ kind: "month", month: text });

function only(text: string): ContractWords {
  const { contracts } = read(text);
  const [contract] = contracts;
  if (!contract || contracts.length > 1) throw new Error(`${text}: ${contracts.length} readings`);
  return contract;
}

describe("a contract as people type it", () => {
  it.each([
    ["nifty 25000 ce", { name: "nifty", kind: "option", optionType: "CE", strike: 25_000, expiry: null }],
    ["NIFTY 25,000 Call", { name: "nifty", kind: "option", optionType: "CE", strike: 25_000, expiry: null }],
    ["nifty 25000 ce next week", { optionType: "CE", strike: 25_000, expiry: { kind: "week", ahead: 1 } }],
    ["nifty weekly 25000 put", { optionType: "PE", strike: 25_000, expiry: { kind: "week", ahead: 0 } }],
    ["nifty this week 25000pe", { optionType: "PE", strike: 25_000, expiry: { kind: "week", ahead: 0 } }],
    ["nifty 25000 ce monthly", { expiry: { kind: "monthly", ahead: 0 } }],
    ["nifty next month 25000 ce expiry", { expiry: { kind: "monthly", ahead: 1 } }],
    ["reliance fut", { name: "reliance", kind: "future", optionType: null, strike: null, expiry: null }],
    ["banknifty nov fut", { name: "banknifty", kind: "future", expiry: month("2026-11") }],
    ["banknifty futures january", { kind: "future", expiry: month("2027-01") }],
    ["nifty 24 nov 26000 pe", { strike: 26_000, expiry: day("2026-11-24") }],
    ["nifty 1st dec 26000 pe", { strike: 26_000, expiry: day("2026-12-01") }],
    ["nifty dec 1st 26000 pe", { strike: 26_000, expiry: day("2026-12-01") }],
    ["nifty 24th nov 26000 pe", { strike: 26_000, expiry: day("2026-11-24") }],
    ["nifty 24nov26 26000 pe", { strike: 26_000, expiry: day("2026-11-24") }],
    ["nifty 24-nov-2026 26000 pe", { strike: 26_000, expiry: day("2026-11-24") }],
    ["nifty 24/11 26000 pe", { strike: 26_000, expiry: day("2026-11-24") }],
    ["nifty 2026-11-24 26000 pe", { strike: 26_000, expiry: day("2026-11-24") }],
    ["nifty 26000 pe today", { expiry: day(TODAY) }],
    ["nifty 5 jan 26000 pe", { expiry: day("2027-01-05") }],
    ["nifty25000ce", { name: "nifty", strike: 25_000, optionType: "CE" }],
    ["nifty 50 25000 ce", { name: "nifty 50", strike: 25_000 }],
    ["nifty next 50 fut", { name: "nifty next 50", kind: "future" }],
    ["bank nifty 59000 ce", { name: "bank nifty", strike: 59_000 }],
    ["state bank of india 1010.5 ce", { name: "state bank of india", strike: 1_010.5 }],
    ["nifty 26000", { name: "nifty", kind: null, strike: 26_000 }],
    ["may fut", { name: "may", kind: "future" }],
  ])("%s", (text, expected) => {
    const strike = "strike" in expected && expected.strike ? { strike: priceFromRupees(expected.strike) } : {};
    expect(only(text)).toMatchObject({ ...expected, ...strike });
  });

  it("may be typed like its symbol, with one or two decimals in the strike", () => {
    for (const [text, strike] of [
      ["sbin26nov812.5ce", 812.5],
      ["sbin26nov812.25ce", 812.25],
    ] as const)
      expect(read(text).contracts.map((contract) => contract.strike)).toContain(priceFromRupees(strike));
  });

  it("is not recognised with two dates, two option types, or both an option type and `fut`", () => {
    for (const text of ["nifty 24 nov 1 dec 26000 pe", "nifty 26000 ce pe", "nifty nov 26000 ce fut"])
      expect(read(text).contracts, text).toEqual([]);
  });

  it("keeps every reading where a number may be a day, a year or a strike", () => {
    expect(read("reliance nov 26 fut").contracts.map(({ expiry }) => expiry)).toEqual([
      day("2026-11-26"),
      month("2026-11"),
    ]);
    expect(read("idea 10 nov ce").contracts).toMatchObject([
      { expiry: day("2027-11-10"), strike: null },
      { expiry: month("2026-11"), strike: priceFromRupees(10) },
    ]);
  });

  it.each(["sbin", "state bank", "m&m", "nifty 50", "nifty ce pe", "nifty fut 25000", "nifty 1 2 ce", "ce", "nov"])(
    "%s is no contract",
    (text) => expect(read(text).contracts).toEqual([]),
  );

  it("is not recognised with a date that does not exist, such as 30 February", () => {
    expect(read("nifty 30 feb 27 26000 ce").contracts).toEqual([]);
  });
});

describe("the exchange as people type it", () => {
  it.each([
    ["sbin bse", "BSE", "sbin"],
    ["bse sbin", "BSE", "sbin"],
    ["NSE:SBIN", "NSE", "sbin"],
    ["nfo: nifty 25000 ce", "NSE", "nifty 25000 ce"],
    ["nse bse", "BSE", "nse"],
    ["bse", null, "bse"],
    ["bse fut", null, "bse fut"],
  ])("%s", (text, exchange, name) => expect(read(text)).toMatchObject({ exchange, name }));
});

describe("the expiry that typed words mean", () => {
  const weeklies = ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-29", "2027-01-26"];
  const meant = (words: ExpiryWords, listed = weeklies, today = TODAY) => matchingExpiries(words, listed, today);

  it("`this week` is the nearest expiry, `next week` the one after it", () => {
    expect(meant({ kind: "week", ahead: 0 })).toEqual({ expiries: ["2026-11-24"], isSure: true });
    expect(meant({ kind: "week", ahead: 1 })).toEqual({ expiries: ["2026-12-01"], isSure: true });
  });

  it("`next week` may be either of the next two once this week's expiry is over", () => {
    const next = (today: string) => meant({ kind: "week", ahead: 1 }, weeklies.slice(1), today).expiries;
    expect(["2026-11-25", "2026-11-29"].map(next)).toEqual([
      ["2026-12-01", "2026-12-08"],
      ["2026-12-01", "2026-12-08"],
    ]);
    expect(next("2026-11-30")).toEqual(["2026-12-08"]);
  });

  it("a week is only a guess where only monthly expiries are listed", () => {
    expect(meant({ kind: "week", ahead: 1 }, ["2026-11-24", "2026-12-29"])).toMatchObject({ isSure: false });
  });

  it("a month, as in `monthly`, is its last expiry", () => {
    expect(meant({ kind: "monthly", ahead: 0 })).toEqual({ expiries: ["2026-11-24"], isSure: true });
    expect(meant({ kind: "monthly", ahead: 1 })).toEqual({ expiries: ["2026-12-29"], isSure: true });
  });

  it("`next month` may be either of the next two once this month's last expiry is over", () => {
    const left = weeklies.slice(1);
    expect(meant({ kind: "monthly", ahead: 1 }, left, "2026-11-25").expiries).toEqual(["2026-12-29", "2027-01-26"]);
  });

  it("a month without a day is all of its expiries", () => {
    expect(meant(month("2026-12")).expiries).toEqual(["2026-12-01", "2026-12-08", "2026-12-29"]);
  });

  it("an expiry that is not listed is never returned", () => {
    const words = fc.constantFrom<ExpiryWords>(
      day("2026-12-01"),
      month("2026-12"),
      { kind: "week", ahead: 1 },
      { kind: "monthly", ahead: 1 },
    );
    fc.assert(
      fc.property(words, fc.subarray(weeklies), (asked, listed) => {
        expect(listed).toEqual(expect.arrayContaining([...meant(asked, listed).expiries]));
      }),
    );
  });
});

it("the indices are recognised by the names that people use", () => {
  expect(indexNamed("bank nifty")).toEqual({ name: "NIFTYBANK", underlying: "BANKNIFTY" });
  expect(indexNamed("vix")).toEqual({ name: "INDIAVIX", underlying: null });
  expect(indexNamed("sbin")).toBeUndefined();
});

it("reading an instrument never throws, whatever is typed", () => {
  const words =
    "nifty 24 nov 26 25000 ce fut next week month nse: bse 31 feb 2027 24nov26 nov26 30/02 2026-13-45 9999999.99ce 1,2,3 this ₹5 constructor __proto__";
  const word = fc.constantFrom("", ...words.split(" "));
  const sentence = fc.array(fc.oneof(word, fc.string({ unit: "binary" })), { maxLength: 8 });
  fc.assert(
    fc.property(sentence, (words) => {
      expect(read(words.join(" ")).contracts.length).toBeLessThan(8);
    }),
    { numRuns: 500 },
  );
});
