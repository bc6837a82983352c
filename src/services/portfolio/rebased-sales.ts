import { isRebasedSince } from "../../domain/candles.ts";
import { matchFifo, type Fill, type RoundTrip } from "../../domain/fifo.ts";
import type { InstrumentKey, TradingSymbol } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { istDate, istInstant } from "../../domain/market.ts";
import { isDelivery } from "../../domain/order.ts";
import type { Link } from "../accounts/accounts.ts";
import type { Candles } from "../quotes/candles.ts";
import { nullIfFailed } from "../null-if-failed.ts";

export interface RebasedSalesDeps {
  readonly candles: Candles;
  readonly instruments: { byKey(key: InstrumentKey): Promise<Instrument | undefined> };
}

/** An account's day, with all its fills up to it. */
interface Day {
  readonly date: string;
  readonly fills: readonly Fill[];
}

/**
 * The shares sold on a day that were split, or got a bonus, since their purchase: FIFO would subtract prices of different
 * shares. Shares without candles are taken for unchanged.
 */
export async function rebasedSales(deps: RebasedSalesDeps, link: Link, day: Day): Promise<TradingSymbol[]> {
  const carried = matchFifo(day.fills).closed.filter(
    ({ productType, openedAt, closedAt }) =>
      isDelivery(productType) && istDate(closedAt) === day.date && istDate(openedAt) < day.date,
  );
  const sold = [...Map.groupBy(carried, ({ symbol }) => symbol)];
  const checked = await Promise.all(
    sold.map(async ([symbol, trips]) => ((await hasRebased(deps, link, day, trips)) ? [symbol] : [])),
  );
  return checked.flat();
}

async function hasRebased(
  { candles, instruments }: RebasedSalesDeps,
  link: Link,
  { fills, date }: Day,
  trips: readonly RoundTrip[],
): Promise<boolean> {
  const key = fills.findLast(({ symbol }) => symbol === trips[0]?.symbol)?.key ?? null;
  const instrument = key === null ? undefined : await instruments.byKey(key);
  if (!instrument) return false;
  const from = istInstant(istDate(Math.min(...trips.map(({ openedAt }) => openedAt))));
  const query = { instrument, interval: "1d" as const, from, to: istInstant(date) };
  const days = (await nullIfFailed(candles.forLink(link, query)))?.candles ?? [];
  return trips.some(({ entry, openedAt }) => {
    const day = days.find(({ at }) => istDate(at) === istDate(openedAt));
    return day !== undefined && isRebasedSince(entry, day);
  });
}
