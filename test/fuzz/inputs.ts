import fc from "fast-check";
import { commands } from "../../commands/index.ts";
import { TWISTS } from "./twists.ts";
import { PEOPLE } from "./world.ts";

/** What a person may do: type something, or tap a button that is shown, was shown, is another person's, or never existed. */
export type Input = { readonly user: number } & (
  | { readonly kind: "text"; readonly text: string; readonly twist: string | null }
  | {
      readonly kind: "tap";
      readonly pick: number;
      readonly how: "as-shown" | "changed" | "made-up";
      readonly verb: number;
      readonly words: readonly string[];
      readonly twist: string | null;
    }
  | { readonly kind: "inline"; readonly query: string; readonly offset: string }
  | { readonly kind: "file"; readonly name: string }
  | { readonly kind: "stop" }
);

/** The bot itself underlines nothing, so an underlined word in its messages was typed and not escaped. */
const INJECTED = "<u>injected</u>";

const HOSTILE = [
  INJECTED,
  "</code><a href='x'>",
  "</pre><u>x</u>",
  "&lt;&amp;",
  '"><script>',
  "{{7*7}}",
  "$where",
  "__proto__",
  "constructor",
  "toString",
  "' OR 1=1--",
  "../../etc/passwd",
  "\u202Ereversed",
  "\u0000",
  "\uD800",
  "नमस्ते",
  "🏦".repeat(40),
  "%00%0a",
  "x".repeat(4_000),
  "\n".repeat(300),
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
  "on paper 3, paper2 4",
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
  "1y",
  "above 900",
  "below 5%",
  "yes",
  "no",
  "1500 daily",
  "today",
  "week",
  "month",
  "2026-10",
  "csv",
  "status",
  "history",
  "settings",
  "settings mode ask",
  "settings amount 50000",
  "run",
  "backtest 2026-06..2026-10",
  "value 50000",
  "loss 5%",
  "orders 3",
  "add",
  "remove",
  "NSE:3045",
  "NSE~3045",
  "2026-11-23",
];

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.constant(INJECTED) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
);
const words = fc.array(word, { maxLength: 4 }).map((parts) => parts.join(" "));
const text = fc
  .oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...commands.map(({ name }) => name)), fc.constantFrom("", "@sauda_local_bot"), words)
        .map(([name, to, rest]) => `/${name}${to} ${rest}`),
    },
    { weight: 3, arbitrary: words },
    { weight: 1, arbitrary: fc.tuple(fc.string({ maxLength: 12 }), words).map(([name, rest]) => `/${name} ${rest}`) },
  )
  // Telegram sends no empty message and none above 4,096 characters.
  .map((typed) => typed.toWellFormed().trim().slice(0, 4_096).toWellFormed() || "/start");

/** Most updates keep their shape. */
const twist = fc.option(fc.constantFrom(...TWISTS), { freq: 6 });
const user = fc.constantFrom(...PEOPLE);

export const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("text" as const), user, text, twist }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant("tap" as const),
      user,
      pick: fc.nat(10_000),
      how: fc.constantFrom("as-shown" as const, "as-shown" as const, "changed" as const, "made-up" as const),
      verb: fc.nat(10_000),
      words: fc.array(word, { maxLength: 3 }),
      twist,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("inline" as const),
      user,
      query: words.map((typed) => typed.toWellFormed().slice(0, 256).toWellFormed()),
      offset: fc.constantFrom("", "8", "x"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({
        kind: fc.constant("file" as const),
        user,
        name: fc.constantFrom("orders.csv", INJECTED, "a".repeat(200)),
      }),
      fc.record({ kind: fc.constant("stop" as const), user }),
    ),
  },
);

/** A button's data as a modified client may send it, within Telegram's 64 bytes. */
export const asData = (parts: readonly string[]): string =>
  Buffer.from(parts.join(":").toWellFormed()).subarray(0, 60).toString("utf8").replaceAll("\uFFFD", "?") || "x";
