import fc from "fast-check";
import { commands } from "../../commands/index.ts";
import { PEOPLE } from "./world.ts";

/** What a person may do: type something, or tap a button that is there, was there, is another's, or never was. */
export type Input =
  | { readonly kind: "text"; readonly user: number; readonly text: string }
  | { readonly kind: "tap"; readonly user: number; readonly pick: number; readonly data: string | null };

const HOSTILE = [
  "<b>x</b>",
  "</code><a href='x'>",
  "&lt;&amp;",
  '"><script>',
  "{{7*7}}",
  "$where",
  "__proto__",
  "constructor",
  "' OR 1=1--",
  "../../etc/passwd",
  "\u202Ereversed",
  "\u0000",
  "\uD800",
  "नमस्ते",
  "🏦".repeat(40),
  "%00%0a",
  "x".repeat(4_000),
  "9".repeat(40),
  "-1",
  "0",
  "1e309",
  "NaN",
  "₹1,00,000.005",
];
const WORDS = [
  "SBIN",
  "RELIANCE",
  "NSE:SBIN-EQ",
  "nifty 26000 ce",
  "NIFTY50-INDEX",
  "reliance fut",
  "tata",
  "all",
  "half",
  "10",
  "1",
  "2 lots",
  "100000000",
  "@ 810",
  "@ 0.05",
  "@ market",
  "sl 800",
  "sl 800 @ 799",
  "mis",
  "cnc",
  "nrml",
  "on paper",
  "on zerodha",
  "ioc",
  "amo",
  "paper",
  "zerodha",
  "me",
  "off",
  "pin",
  "totp",
  "none",
  "4829",
  "skip",
  "1d",
  "5m",
  "above 900",
  "below 5%",
  "yes",
  "no",
  "1500 daily",
  "today",
  "csv",
];

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);
const words = fc.array(word, { maxLength: 4 }).map((parts) => parts.join(" "));
const text = fc
  .oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...commands.map(({ name }) => name)), words)
        .map(([name, rest]) => `/${name} ${rest}`),
    },
    { weight: 3, arbitrary: words },
    { weight: 1, arbitrary: fc.tuple(fc.string({ maxLength: 12 }), words).map(([name, rest]) => `/${name} ${rest}`) },
  )
  // Telegram sends no empty message and none above 4,096 characters.
  .map((typed) => typed.toWellFormed().trim().slice(0, 4_096).toWellFormed() || "/start");

/** The verbs that buttons use, with arguments that they never carry. */
const VERBS = [
  "lk",
  "lkh",
  "lks",
  "acc",
  "acd",
  "al",
  "as",
  "ay",
  "ad",
  "au",
  "auy",
  "x",
  "td",
  "te",
  "tkt",
  "oc",
  "om",
  "bc",
  "bm",
  "or",
  "oq",
  "set",
  "us",
  "ur",
  "ui",
  "fgy",
  "fgn",
  "eg",
  "pos",
  "hold",
  "funds",
  "ord",
  "trd",
  "qt",
  "dlg:i",
  "dlg:q",
  "dlg:p",
  "dlg:stop",
];
const madeUp = fc
  .tuple(fc.oneof(fc.constantFrom(...VERBS), fc.string({ maxLength: 8 })), fc.array(word, { maxLength: 3 }))
  .map(([verb, args]) => [verb, ...args].join(":"))
  .map((data) => Buffer.from(data.toWellFormed()).subarray(0, 60).toString("utf8").replaceAll("\uFFFD", "?") || "x");

export const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("text" as const), user: fc.constantFrom(...PEOPLE), text }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("tap" as const),
      user: fc.constantFrom(...PEOPLE),
      pick: fc.nat(10_000),
      data: fc.option(madeUp, { freq: 3 }).map((data) => (data === null ? null : data)),
    }),
  },
);
