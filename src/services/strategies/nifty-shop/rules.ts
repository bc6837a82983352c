import type { InstrumentKey } from "../../../domain/ids.ts";
import type { Paise, Price } from "../../../domain/money.ts";
import { changeInBasisPoints, paise, valueOf } from "../../../domain/money.ts";

/** Number of closes in the average, including today's price. */
export const AVERAGE_DAYS = 20;
/** With a smaller fraction of the members priced, the five furthest below their average would not be meaningful. */
export const MIN_PRICED_FRACTION = 0.8;
const CANDIDATES = 5;
const BASIS_POINTS = 10_000;

export interface ShopRules {
  /** At most this many new shares a day. */
  readonly buysPerDay: number;
  /** Averaging starts this far below the last buy, in 1/100 percent. */
  readonly averageBelow: number;
  /** Selling starts this far above the average price, in 1/100 percent. */
  readonly target: number;
  readonly perTrade: Paise;
}

/** One index member today. */
export interface ShareView {
  readonly key: InstrumentKey;
  readonly price: Price;
  readonly average: Price;
}

/** One share that the strategy holds; it may have left the index. */
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
  /** Cash available; null when unknown. */
  readonly cash: Paise | null;
}

export interface Candidate extends ShareView {
  /** Distance from the average in 1/100 percent; negative. */
  readonly distance: number;
  readonly isHeld: boolean;
}

const LEG_KINDS = ["buy", "average", "sell"] as const;
export type LegKind = (typeof LEG_KINDS)[number];

export interface ShopLeg {
  readonly kind: LegKind;
  readonly key: InstrumentKey;
  readonly qty: number;
  /** Price at the decision. */
  readonly price: Price;
  /** In 1/100 percent: below the average (buy), below the last buy (average), above the average price (sell). */
  readonly by: number;
}

/** A purchase that the rules wanted but could not afford. */
export interface Missed {
  readonly kind: "buy" | "average";
  readonly key: InstrumentKey;
  readonly reason: "one-share-costs-more" | "no-cash";
}

export interface Decision {
  /** Up to five members furthest below their average, the furthest first. */
  readonly candidates: readonly Candidate[];
  readonly legs: readonly ShopLeg[];
  readonly missed: readonly Missed[];
}

/**
 * One day's decision. Pure: the same input gives the same decision.
 * Buys candidates that are not held; if all are held, averages one share instead. Sells at most one share a day.
 */
export function decide(day: ShopDay, rules: ShopRules): Decision {
  const candidates = candidatesOf(day);
  const sale = saleOf(day, rules);
  const budget = { cash: day.cash, missed: [] as Missed[] };
  const areAllHeld = candidates.length > 0 && candidates.every(({ isHeld }) => isHeld);
  const buys = areAllHeld ? averagingOf(day, rules, sale, budget) : buysOf(candidates, rules, budget);
  return { candidates, legs: [...buys, ...(sale ? [sale] : [])], missed: budget.missed };
}

function candidatesOf({ members, held }: ShopDay): Candidate[] {
  const heldKeys = new Set(held.map(({ key }) => key));
  return members
    .filter(({ price, average }) => price < average)
    .sort((a, b) => a.price / a.average - b.price / b.average || (a.key < b.key ? -1 : 1))
    .slice(0, CANDIDATES)
    .map((share) => ({
      ...share,
      distance: distanceFrom(share.price, share.average),
      isHeld: heldKeys.has(share.key),
    }));
}

interface Budget {
  cash: Paise | null;
  readonly missed: Missed[];
}

function buysOf(candidates: readonly Candidate[], rules: ShopRules, budget: Budget): ShopLeg[] {
  const legs: ShopLeg[] = [];
  for (const candidate of candidates) {
    if (legs.length >= rules.buysPerDay) break;
    if (candidate.isHeld) continue;
    const leg = affordableLeg("buy", candidate, candidate.distance, rules, budget);
    if (leg) legs.push(leg);
  }
  return legs;
}

/** The share furthest below its last buy, among held shares still in the index; never the one being sold. */
function averagingOf({ members, held }: ShopDay, rules: ShopRules, sale: ShopLeg | null, budget: Budget): ShopLeg[] {
  const prices = new Map(members.map(({ key, price }) => [key, price]));
  const fallen = held
    .flatMap(({ key, lastBuyPrice }) => {
      const price = prices.get(key);
      return price === undefined || key === sale?.key ? [] : [{ key, price, lastBuyPrice }];
    })
    .filter(({ price, lastBuyPrice }) => price * BASIS_POINTS < lastBuyPrice * (BASIS_POINTS - rules.averageBelow))
    .sort((a, b) => a.price / a.lastBuyPrice - b.price / b.lastBuyPrice || (a.key < b.key ? -1 : 1));
  const [deepest] = fallen;
  if (!deepest) return [];
  const leg = affordableLeg("average", deepest, distanceFrom(deepest.price, deepest.lastBuyPrice), rules, budget);
  return leg ? [leg] : [];
}

function affordableLeg(
  kind: "buy" | "average",
  { key, price }: Pick<ShareView, "key" | "price">,
  by: number,
  rules: ShopRules,
  budget: Budget,
): ShopLeg | null {
  const qty = unitsFor(rules.perTrade, price);
  if (qty === 0) {
    budget.missed.push({ kind, key, reason: "one-share-costs-more" });
    return null;
  }
  const cost = valueOf(price, qty);
  if (budget.cash !== null && cost > budget.cash) {
    budget.missed.push({ kind, key, reason: "no-cash" });
    return null;
  }
  if (budget.cash !== null) budget.cash = paise(budget.cash - cost);
  return { kind, key, qty, price, by };
}

/** The share with the largest gain above the target. */
function saleOf({ held }: ShopDay, rules: ShopRules): ShopLeg | null {
  const [best] = held
    .flatMap((share) => (share.price === null || share.avgPrice <= 0 ? [] : [{ ...share, price: share.price }]))
    .filter(({ price, avgPrice }) => price * BASIS_POINTS > avgPrice * (BASIS_POINTS + rules.target))
    .sort((a, b) => b.price / b.avgPrice - a.price / a.avgPrice || (a.key < b.key ? -1 : 1));
  if (!best) return null;
  return { kind: "sell", key: best.key, qty: best.qty, price: best.price, by: distanceFrom(best.price, best.avgPrice) };
}

/** Whole units that the amount buys (paise divided by 1/10000 rupee). */
const unitsFor = (amount: Paise, price: Price): number => Math.floor((amount * 100) / price);

const distanceFrom = (now: Price, base: Price): number => changeInBasisPoints(now, base) ?? 0;

/** Mean of the last AVERAGE_DAYS closes, today's price last; null when there are fewer. */
export function averageOf(closes: readonly Price[]): Price | null {
  if (closes.length < AVERAGE_DAYS) return null;
  const last = closes.slice(-AVERAGE_DAYS);
  return Math.round(last.reduce((sum, close) => sum + close, 0) / AVERAGE_DAYS) as Price;
}
