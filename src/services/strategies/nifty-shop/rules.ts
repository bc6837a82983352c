import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Paise, Price } from "../../../domain/money.ts";
import { changeInBasisPoints, paise, valueOf } from "../../../domain/money.ts";

/** How many closes the average is made of, today's price included. */
export const AVERAGE_DAYS = 20;
/** With fewer of the members priced, "the five furthest below" would mean something else. */
export const LEAST_PRICED_SHARE = 0.8;
const CANDIDATES = 5;
const WHOLE = 10_000;

export interface ShopRules {
  /** At most so many new shares a day. */
  readonly buysPerDay: number;
  /** Averaging starts this far below the last buy, in 1/100 percent. */
  readonly averageBelow: number;
  /** Selling starts this far above the average price, in 1/100 percent. */
  readonly target: number;
  readonly perTrade: Paise;
}

/** One share of the index today. */
export interface ShareView {
  readonly key: InstrumentKey;
  readonly price: Price;
  readonly average: Price;
}

/** One share that the strategy holds, with its price wherever it is known: it may have left the index. */
export interface HeldView {
  readonly key: InstrumentKey;
  readonly qty: number;
  readonly avgPrice: Price;
  readonly lastBuyPrice: Price;
  readonly price: Price | null;
}

export interface ShopDay {
  readonly members: readonly ShareView[];
  readonly held: readonly HeldView[];
  /** What may be spent; null where it is not known. */
  readonly cash: Paise | null;
}

export interface Candidate extends ShareView {
  /** From the average, in 1/100 percent, negative. */
  readonly distance: number;
  readonly isHeld: boolean;
}

const LEG_KINDS = ["buy", "average", "sell"] as const;
export type LegKind = (typeof LEG_KINDS)[number];

export interface ShopLeg {
  readonly kind: LegKind;
  readonly key: InstrumentKey;
  readonly qty: number;
  /** What it was decided at. */
  readonly price: Price;
  /** In 1/100 percent: below the average (buy), below the last buy (average), above the average price (sell). */
  readonly by: number;
}

/** What the rules wanted and could not have. */
export interface Missed {
  readonly kind: "buy" | "average";
  readonly key: InstrumentKey;
  readonly reason: "one-share-costs-more" | "no-cash";
}

export interface Decision {
  /** The five furthest below their average, the furthest first; fewer when fewer are below. */
  readonly candidates: readonly Candidate[];
  readonly legs: readonly ShopLeg[];
  readonly missed: readonly Missed[];
}

/**
 * One day's decision. Pure: the same day gives the same decision, whoever asks.
 * Buys come from the five candidates that are not held; averaging needs all of them held; one sale a day.
 */
export function decide(day: ShopDay, rules: ShopRules): Decision {
  const candidates = candidatesOf(day);
  const sale = saleOf(day, rules);
  const purse = { cash: day.cash, missed: [] as Missed[] };
  const isFull = candidates.length > 0 && candidates.every(({ isHeld }) => isHeld);
  const bought = isFull ? averagingOf(day, rules, sale, purse) : buysOf(candidates, rules, purse);
  return { candidates, legs: [...bought, ...(sale ? [sale] : [])], missed: purse.missed };
}

function candidatesOf({ members, held }: ShopDay): Candidate[] {
  const heldKeys = new Set(held.map(({ key }) => key));
  return members
    .filter(({ price, average }) => price < average)
    .sort((a, b) => a.price / a.average - b.price / b.average || (a.key < b.key ? -1 : 1))
    .slice(0, CANDIDATES)
    .map((share) => ({ ...share, distance: change(share.price, share.average), isHeld: heldKeys.has(share.key) }));
}

interface Purse {
  cash: Paise | null;
  readonly missed: Missed[];
}

function buysOf(candidates: readonly Candidate[], rules: ShopRules, purse: Purse): ShopLeg[] {
  const legs: ShopLeg[] = [];
  for (const candidate of candidates) {
    if (legs.length >= rules.buysPerDay) break;
    if (candidate.isHeld) continue;
    const leg = bought("buy", candidate, candidate.distance, rules, purse);
    if (leg) legs.push(leg);
  }
  return legs;
}

/** The deepest fall below the last buy, among shares still in the index; never one that is being sold. */
function averagingOf({ members, held }: ShopDay, rules: ShopRules, sale: ShopLeg | null, purse: Purse): ShopLeg[] {
  const prices = new Map(members.map(({ key, price }) => [key, price]));
  const fallen = held
    .flatMap(({ key, lastBuyPrice }) => {
      const price = prices.get(key);
      return price === undefined || key === sale?.key ? [] : [{ key, price, lastBuyPrice }];
    })
    .filter(({ price, lastBuyPrice }) => price * WHOLE < lastBuyPrice * (WHOLE - rules.averageBelow))
    .sort((a, b) => a.price / a.lastBuyPrice - b.price / b.lastBuyPrice || (a.key < b.key ? -1 : 1));
  const [deepest] = fallen;
  if (!deepest) return [];
  const leg = bought("average", deepest, change(deepest.price, deepest.lastBuyPrice), rules, purse);
  return leg ? [leg] : [];
}

function bought(
  kind: "buy" | "average",
  { key, price }: Pick<ShareView, "key" | "price">,
  by: number,
  rules: ShopRules,
  purse: Purse,
): ShopLeg | null {
  const qty = unitsFor(rules.perTrade, price);
  if (qty === 0) {
    purse.missed.push({ kind, key, reason: "one-share-costs-more" });
    return null;
  }
  const cost = valueOf(price, qty);
  if (purse.cash !== null && cost > purse.cash) {
    purse.missed.push({ kind, key, reason: "no-cash" });
    return null;
  }
  if (purse.cash !== null) purse.cash = paise(purse.cash - cost);
  return { kind, key, qty, price, by };
}

/** The largest gain above the target. */
function saleOf({ held }: ShopDay, rules: ShopRules): ShopLeg | null {
  const [best] = held
    .flatMap((share) => (share.price === null || share.avgPrice <= 0 ? [] : [{ ...share, price: share.price }]))
    .filter(({ price, avgPrice }) => price * WHOLE > avgPrice * (WHOLE + rules.target))
    .sort((a, b) => b.price / b.avgPrice - a.price / a.avgPrice || (a.key < b.key ? -1 : 1));
  if (!best) return null;
  return { kind: "sell", key: best.key, qty: best.qty, price: best.price, by: change(best.price, best.avgPrice) };
}

/** Whole units that an amount buys. */
const unitsFor = (amount: Paise, price: Price): number => Math.floor((amount * 100) / price);

const change = (now: Price, base: Price): number => changeInBasisPoints(now, base) ?? 0;

/** Mean of the closes given, today's price the last; null when there are too few. */
export function averageOf(closes: readonly Price[]): Price | null {
  if (closes.length < AVERAGE_DAYS) return null;
  const last = closes.slice(-AVERAGE_DAYS);
  return Math.round(last.reduce((sum, close) => sum + close, 0) / AVERAGE_DAYS) as Price;
}
