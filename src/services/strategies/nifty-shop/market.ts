import { isRebasedSince } from "../../../domain/candles.ts";
import { ticker, type Instrument } from "../../../domain/instrument.ts";
import { istDate, istInstant } from "../../../domain/market.ts";
import type { Price } from "../../../domain/money.ts";
import type { Candle, Quote } from "../../../domain/portfolio.ts";
import type { Link } from "../../accounts/accounts.ts";
import type { Candles } from "../../quotes/candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import type { Quotes } from "../../quotes/quotes.ts";
import { nullIfFailed } from "../../null-if-failed.ts";
import type { HeldShare } from "./ledger.ts";
import { AVERAGE_DAYS, averageOf, type ShareView } from "./rules.ts";

/** Enough calendar days for twenty trading days, whatever the holidays. */
const LOOK_BACK_MS = 45 * 86_400_000;

/** How far the last close may differ between the quote and the candles, as a fraction. */
const CLOSE_TOLERANCE = 0.05;

/** A share that the strategy has bought and not sold. */
export interface OwnShare extends HeldShare {
  readonly instrument: Instrument;
}

export interface ShopMarket {
  readonly members: readonly ShareView[];
  readonly instruments: ReadonlyMap<Instrument["key"], Instrument>;
  /** Prices of members and of held shares, since a held share may have left the index. */
  readonly prices: ReadonlyMap<Instrument["key"], Price>;
  /** Tickers of members without today's price or enough closes, and of held shares without today's price. */
  readonly without: readonly string[];
  /** Held shares with a split or bonus since they were bought. */
  readonly rebased: ReadonlySet<Instrument["key"]>;
  /** Members and held shares whose candles do not lead up to today's price. They are not among `members`. */
  readonly unfitting: ReadonlySet<Instrument["key"]>;
  readonly source: "broker" | "yfinance";
}

interface MarketDeps {
  readonly instruments: Pick<Instruments, "resolve">;
  readonly quotes: Pick<Quotes, "many">;
  readonly candles: Candles;
  /** Whether the trading day of `at` (epoch ms) has begun; false on closed days. */
  readonly hasOpened: (at: number) => boolean;
}

/** Reads today's price, which stands for its close, of members and held shares, and the members' averages. */
export async function readMarket(
  deps: MarketDeps,
  link: Link | null,
  wanted: { readonly members: readonly string[]; readonly held: readonly OwnShare[] },
  now: number,
): Promise<ShopMarket> {
  const { members, held } = wanted;
  const listed = await listedMembers(deps, members);
  const shares = [...listed.values()];
  const own = held.map(({ instrument }) => instrument);
  const priced = new Map([...own, ...shares].map((share) => [share.key, share]));
  const boughtAt = new Map(held.map(({ key, lastBoughtOn }) => [key, istInstant(lastBoughtOn)]));
  const from = (key: Instrument["key"]): number => Math.min(now - LOOK_BACK_MS, boughtAt.get(key) ?? now);
  const [quotes, candles] = await Promise.all([
    todaysQuotes(deps, link, [...priced.values()], now),
    Promise.all(
      [...priced.values()].map(
        async (share) => [share.key, await candlesBefore(deps, link, share, { from: from(share.key), now })] as const,
      ),
    ),
  ]);
  const known = new Map(candles);
  const unfitting = new Set(
    [...quotes.values()].filter((quote) => isUnfitting(quote, known.get(quote.key))).map(({ key }) => key),
  );
  const views = shares
    .filter(({ key }) => !unfitting.has(key))
    .flatMap((share): ShareView[] => {
      const price = quotes.get(share.key)?.ltp;
      const average = price === undefined ? null : averageOf([...closesOf(known.get(share.key)), price]);
      return price === undefined || average === null ? [] : [{ key: share.key, price, average }];
    });
  const seen = new Set([...views.map(({ key }) => key), ...unfitting]);
  const prices = new Map([...quotes].map(([key, { ltp }]) => [key, ltp]));
  const withoutView = members.filter((name) => !seen.has(listed.get(name)?.key ?? ("" as Instrument["key"])));
  const unpriced = own.filter(({ key }) => !prices.has(key)).map(({ symbol }) => ticker(symbol));
  return {
    members: views,
    instruments: priced,
    prices,
    without: [...new Set([...withoutView, ...unpriced])],
    rebased: new Set(held.filter((share) => isRebased(share, known.get(share.key))).map(({ key }) => key)),
    unfitting,
    source: [...quotes.values()].some(({ source }) => source === "yfinance") ? "yfinance" : "broker",
  };
}

/**
 * Quotes of today only: an earlier day's price is that day's close, and would count twice in the average. A quote without a
 * time may be today's once the day has begun.
 */
async function todaysQuotes(
  { quotes, hasOpened }: MarketDeps,
  link: Link | null,
  shares: readonly Instrument[],
  now: number,
): Promise<Map<Instrument["key"], Quote>> {
  const known = await quotes.many(link, shares);
  const isToday = ({ at }: Quote): boolean => (at === null ? hasOpened(now) : istDate(at) === istDate(now));
  return new Map([...known].filter(([, quote]) => isToday(quote)));
}

async function listedMembers(deps: MarketDeps, members: readonly string[]): Promise<Map<string, Instrument>> {
  const found = await Promise.all(
    members.map(async (ticker) => [ticker, await deps.instruments.resolve(`NSE:${ticker}-EQ`)] as const),
  );
  return new Map(found.flatMap(([ticker, it]) => (it.kind === "one" ? [[ticker, it.instrument]] : [])));
}

const closesOf = (before: readonly Candle[] = []): Price[] => before.slice(1 - AVERAGE_DAYS).map(({ close }) => close);

/**
 * Whether the quote's previous close is not that of the last candle: of a split, bonus or demerger of today that the source
 * has not worked into its candles yet, or because these lack the last days. The day's fall would then be none.
 */
function isUnfitting({ prevClose }: Quote, before: readonly Candle[] = []): boolean {
  const last = before.at(-1);
  if (last === undefined || prevClose === null) return false;
  return Math.abs(prevClose - last.close) > last.close * CLOSE_TOLERANCE;
}

/** Where an after-market order may have filled on either of two days, its price must be outside both ranges. */
function isRebased(share: OwnShare, before: readonly Candle[] = []): boolean {
  const days = possibleFillDays(share, before);
  return days.length > 0 && days.every((day) => isRebasedSince(share.lastBuyPrice, day));
}

/**
 * An after-market order fills on the day it was placed if that was before the opening, else on the next trading day: both
 * candles must be there.
 */
function possibleFillDays({ lastBoughtOn, isLastBuyAmo }: OwnShare, before: readonly Candle[]): readonly Candle[] {
  if (!isLastBuyAmo) return before.filter(({ at }) => istDate(at) === lastBoughtOn);
  const days = before.filter(({ at }) => istDate(at) >= lastBoughtOn).slice(0, 2);
  return days.length === 2 ? days : [];
}

/** Daily candles before today; empty when no source has them. */
async function candlesBefore(
  { candles }: MarketDeps,
  link: Link | null,
  instrument: Instrument,
  { from, now }: { readonly from: number; readonly now: number },
): Promise<Candle[]> {
  const query = { instrument, interval: "1d" as const, from, to: now };
  const series = await nullIfFailed(candles.forLink(link, query));
  const today = istDate(now);
  return (series?.candles ?? []).filter(({ at }) => istDate(at) < today);
}
