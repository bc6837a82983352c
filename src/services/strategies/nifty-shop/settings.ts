import { phasesOf, type TradingCalendar } from "../../../domain/calendar.ts";
import type { LinkId } from "../../../domain/ids.ts";
import type { Paise } from "../../../domain/money.ts";
import { paise, paiseFromRupees } from "../../../domain/money.ts";
import type { ShopRules } from "./rules.ts";

/** `dry`: decides and records what it would have done. `ask`: the user approves every leg. */
export const SHOP_MODES = ["off", "dry", "ask"] as const;
export type ShopMode = (typeof SHOP_MODES)[number];

export type Sizing =
  | { readonly kind: "amount"; readonly amount: Paise }
  | { readonly kind: "parts"; readonly capital: Paise; readonly parts: number };

export interface ShopSettings {
  readonly mode: ShopMode;
  /** HH:MM IST */
  readonly at: string;
  readonly buysPerDay: number;
  /** In 1/100 percent. */
  readonly averageBelow: number;
  readonly target: number;
  readonly sizing: Sizing;
  /** Null: the user's default account. */
  readonly link: LinkId | null;
}

/** The numbers of the published rules. */
export const DEFAULT_SHOP_SETTINGS: ShopSettings = {
  mode: "off",
  at: "15:00",
  buysPerDay: 1,
  averageBelow: 300,
  target: 500,
  sizing: { kind: "amount", amount: paiseFromRupees(25_000) },
  link: null,
};

export const amountPerTrade = (sizing: Sizing): Paise =>
  sizing.kind === "amount" ? sizing.amount : paise(Math.floor(sizing.capital / sizing.parts));

export const rulesOf = ({ buysPerDay, averageBelow, target, sizing }: ShopSettings): ShopRules => ({
  buysPerDay,
  averageBelow,
  target,
  perTrade: amountPerTrade(sizing),
});

export type SettingProblem = "unknown" | "bad-value";
export type ParsedSetting =
  | { readonly ok: true; readonly change: Partial<ShopSettings> }
  | { readonly ok: false; readonly problem: SettingProblem };

const MAX_AMOUNT = paiseFromRupees(100_000_000);

/** `time 14:45`, `buys 2`, `average 3`, `target 5`, `amount 25000`, `capital 1000000 / 40`. Never throws. */
export function parseSetting(text: string): ParsedSetting {
  // Split, not matched: a message of blanks would keep a regular expression busy for half a minute.
  const [typed = "", ...words] = text.trim().split(/\s+/);
  const name = typed.toLowerCase();
  const parse = Object.hasOwn(PARSERS, name) ? PARSERS[name] : undefined;
  if (!parse || words.length === 0) return { ok: false, problem: "unknown" };
  const change = parse(words.join(" ").replaceAll(/[₹%,]/g, "").trim());
  return change ? { ok: true, change } : { ok: false, problem: "bad-value" };
}

const PARSERS: Readonly<Record<string, (value: string) => Partial<ShopSettings> | null>> = {
  time: (value) => (/^([01]\d|2[0-3]):[0-5]\d$/.test(value) ? { at: value } : null),
  buys: (value) => (/^[1-5]$/.test(value) ? { buysPerDay: Number(value) } : null),
  average: (value) => withPercent(value, 50, (averageBelow) => ({ averageBelow })),
  target: (value) => withPercent(value, 100, (target) => ({ target })),
  amount: (value) => withAmount(value, (amount) => ({ sizing: { kind: "amount", amount } })),
  capital(value) {
    const [, capital = "", parts = "40"] = /^([\d.]+)(?:\s*\/\s*(\d{1,3}))?$/.exec(value) ?? [];
    const count = Number(parts);
    if (count < 1) return null;
    return withAmount(capital, (amount) => ({ sizing: { kind: "parts", capital: amount, parts: count } }));
  },
};

function withPercent(
  value: string,
  least: number,
  make: (basisPoints: number) => Partial<ShopSettings>,
): Partial<ShopSettings> | null {
  if (!/^\d{1,2}(\.\d{1,2})?$/.test(value)) return null;
  const basisPoints = Math.round(Number(value) * 100);
  return basisPoints >= least && basisPoints <= 5_000 ? make(basisPoints) : null;
}

function withAmount(value: string, make: (amount: Paise) => Partial<ShopSettings>): Partial<ShopSettings> | null {
  if (!/^\d{1,9}(\.\d{1,2})?$/.test(value)) return null;
  const amount = paiseFromRupees(value);
  return amount > 0 && amount <= MAX_AMOUNT ? make(amount) : null;
}

/** False on a special session day if the time is outside its hours, or its hours are unknown. */
export function fitsDay(at: string, date: string, { days }: TradingCalendar): boolean {
  const day = days.get(date);
  if (day?.kind !== "special" || day.hours === "normal") return true;
  return day.hours !== "by-circular" && at >= day.hours.start && at < day.hours.end;
}

/** Why the strategy should not run at that time; null in continuous trading and when the day's hours are unknown. */
export function timeProblem(at: string, date: string, calendar: TradingCalendar): "auction" | "closed" | null {
  const phases = phasesOf("cash-with-derivatives", date, calendar);
  const phase = phases?.find(({ start, end }) => at >= start && at < end)?.phase;
  if (phase === "continuous" || phases === null) return null;
  return phase?.startsWith("auction") === true ? "auction" : "closed";
}
