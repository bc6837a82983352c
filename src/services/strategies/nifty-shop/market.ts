import { ticker, type Instrument } from "../../../domain/instrument.ts";
import { istDate } from "../../../domain/market.ts";
import type { Price } from "../../../domain/money.ts";
import type { Quote } from "../../../domain/portfolio.ts";
import type { Link } from "../../accounts.ts";
import type { Candles } from "../../candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import type { Quotes } from "../../quotes.ts";
import { BrokerError } from "../../../errors.ts";
import { AVERAGE_DAYS, averageOf, type ShareView } from "./rules.ts";

/** Calendar days that hold twenty trading days around any holidays. */
const LOOK_BACK_MS = 45 * 86_400_000;

export interface ShopMarket {
  readonly members: readonly ShareView[];
  readonly instruments: ReadonlyMap<Instrument["key"], Instrument>;
  /** Of members and of what is held: a share that left the index is still to be sold. */
  readonly prices: ReadonlyMap<Instrument["key"], Price>;
  /** Members for which no price of today or too few closes could be had, and held shares without such a price. */
  readonly without: readonly string[];
  readonly source: "broker" | "yfinance";
}

interface MarketDeps {
  readonly instruments: Pick<Instruments, "resolve">;
  readonly quotes: Pick<Quotes, "many">;
  readonly candles: Candles;
}

/** Today's price and twenty-day average of each member, and today's price of what is held; it stands for today's close. */
export async function readMarket(
  deps: MarketDeps,
  link: Link | null,
  wanted: { readonly members: readonly string[]; readonly held: readonly Instrument[] },
  now: number,
): Promise<ShopMarket> {
  const { members, held } = wanted;
  const listed = await listedMembers(deps, members);
  const shares = [...listed.values()];
  const priced = new Map([...held, ...shares].map((share) => [share.key, share]));
  const [quotes, closes] = await Promise.all([
    todaysQuotes(deps, link, [...priced.values()], now),
    Promise.all(shares.map(async (share) => [share.key, await closesBefore(deps, link, share, now)] as const)),
  ]);
  const known = new Map(closes);
  const views = shares.flatMap((share): ShareView[] => {
    const price = quotes.get(share.key)?.ltp;
    const average = price === undefined ? null : averageOf([...(known.get(share.key) ?? []), price]);
    return price === undefined || average === null ? [] : [{ key: share.key, price, average }];
  });
  const viewed = new Set(views.map(({ key }) => key));
  const prices = new Map([...quotes].map(([key, { ltp }]) => [key, ltp]));
  const unviewed = members.filter((name) => !viewed.has(listed.get(name)?.key ?? ("" as Instrument["key"])));
  const unpriced = held.filter(({ key }) => !prices.has(key)).map(({ symbol }) => ticker(symbol));
  return {
    members: views,
    instruments: priced,
    prices,
    without: [...new Set([...unviewed, ...unpriced])],
    source: [...quotes.values()].some(({ source }) => source === "yfinance") ? "yfinance" : "broker",
  };
}

/** A price of an earlier day is that day's close: taken for today's it would count twice in the average. */
async function todaysQuotes(
  { quotes }: MarketDeps,
  link: Link | null,
  shares: readonly Instrument[],
  now: number,
): Promise<Map<Instrument["key"], Quote>> {
  const known = await quotes.many(link, shares);
  return new Map([...known].filter(([, { at }]) => at === null || istDate(at) === istDate(now)));
}

async function listedMembers(deps: MarketDeps, members: readonly string[]): Promise<Map<string, Instrument>> {
  const found = await Promise.all(
    members.map(async (ticker) => [ticker, await deps.instruments.resolve(`NSE:${ticker}-EQ`)] as const),
  );
  return new Map(found.flatMap(([ticker, it]) => (it.kind === "one" ? [[ticker, it.instrument]] : [])));
}

/** The closes of the trading days before today; none when nobody has them. */
async function closesBefore(
  { candles }: MarketDeps,
  link: Link | null,
  instrument: Instrument,
  now: number,
): Promise<Price[]> {
  const query = { instrument, interval: "1d" as const, from: now - LOOK_BACK_MS, to: now };
  const series = await candles.forLink(link, query).catch((error: unknown) => {
    if (error instanceof BrokerError) return null;
    throw error;
  });
  const today = istDate(now);
  return (series?.candles ?? [])
    .filter(({ at }) => istDate(at) < today)
    .slice(1 - AVERAGE_DAYS)
    .map(({ close }) => close);
}
