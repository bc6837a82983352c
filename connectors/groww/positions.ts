import { priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Position } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { Access, ConnectorDeps } from "../base.ts";
import { readBook } from "../book.ts";
import type { Client } from "./client.ts";
import { mapReply } from "./errors.ts";
import { toPosition } from "./map-portfolio.ts";
import { lastPrices } from "./market-data.ts";
import type { PositionRaw, SegmentRaw } from "./schemas.ts";
import { GROWW } from "./facts.ts";
import { AS_DOCUMENTED, scaleOf, scaleWithin, type Evidence, type Scale } from "./units.ts";
import { LISTED_BY, ltpName, nameOf, segmentNamed, type Lookup } from "./venue.ts";

const ENDPOINT = "GET /v1/positions/user";

export type Warn = ConnectorDeps["warn"];
export type Prices = ReadonlyMap<string, Price>;

/** Last prices for a portfolio. What cannot be had leaves it without prices, not unseen: it may have to be closed. */
export async function pricesOrNone(
  client: Client,
  access: Access,
  asked: { segment: SegmentRaw; names: readonly string[] },
  { signal, warn }: { signal: AbortSignal | undefined; warn: Warn },
): Promise<Prices> {
  try {
    return await lastPrices(client, access, asked, signal);
  } catch (error) {
    if (!(error instanceof BrokerError) || error.kind === "auth-expired") throw error;
    warn("groww: no last prices for the portfolio", { kind: error.kind });
    return new Map();
  }
}

/** The day's positions with prices, which Groww's rows do not have, and in rupees, which they may not be in. */
export function createPositions(client: Client, deps: { lookup: () => Promise<Lookup>; warn: Warn }) {
  async function pricesOf(rows: readonly PositionRaw[], access: Access, signal?: AbortSignal): Promise<Prices> {
    const told = await Promise.all(
      [...Map.groupBy(rows, ({ segment }) => segment)].flatMap(([segment, own]) =>
        segment === "COMMODITY"
          ? []
          : [pricesOrNone(client, access, { segment, names: own.map(ltpName) }, { signal, warn: deps.warn })],
      ),
    );
    return new Map(told.flatMap((prices) => [...prices]));
  }

  /** Only options are there, and not all were bought near their last prices: the day's range of one made today tells. */
  async function scaleByDay(made: readonly Made[], access: Access, signal?: AbortSignal): Promise<Scale> {
    for (const { row, price } of made) {
      const { exchange, segment, trading_symbol } = row;
      const quote = await client.getQuote(access, { exchange, segment, trading_symbol }, signal).catch(untold);
      const { low, high } = quote?.ohlc ?? {};
      const scale = low && high ? scaleWithin(price, priceFromRupees(low), priceFromRupees(high)) : null;
      if (scale !== null) return scale;
    }
    deps.warn("groww: whether positions are told in rupees or paise could not be seen; taken as documented");
    return AS_DOCUMENTED;
  }

  return async (access: Access, signal?: AbortSignal): Promise<Position[]> => {
    const { positions } = await client.getPositions(access, signal);
    if (positions.length === 0) return [];
    const rows = positions.flatMap((each) => (each.ok ? [each.row] : []));
    const [lookup, prices] = await Promise.all([deps.lookup(), pricesOf(rows, access, signal)]);
    const ltpOf = (row: PositionRaw): Price | null => prices.get(ltpName(row)) ?? null;
    const told = async (pricesIn: (row: PositionRaw) => readonly number[]): Promise<Scale> => {
      const evidence = rows.flatMap((row) => evidenceOf(row, { prices: pricesIn(row), ltp: ltpOf(row), lookup }));
      const scale = mapReply(ENDPOINT, () => scaleOf(evidence));
      return scale ?? scaleByDay(madeToday(rows, pricesIn), access, signal);
    };
    const [net, traded] = [await told(netPrice), await told(tradedPrices)];
    return readBook(positions, {
      broker: GROWW,
      endpoint: ENDPOINT,
      map: (row) => toPosition(row, { lookup, ltp: ltpOf(row), scales: { net, traded } }),
      listedBy: LISTED_BY,
      listedOf: (row) => nameOf(row, lookup),
    });
  };
}

function untold(error: unknown): null {
  if (error instanceof BrokerError && error.kind !== "auth-expired") return null;
  throw error;
}

/** The two may be told in different units: others take them so. */
const netPrice = (row: PositionRaw): readonly number[] => [row.net_price];
const tradedPrices = (row: PositionRaw): readonly number[] => [
  row.credit_price,
  row.debit_price,
  row.carry_forward_credit_price,
  row.carry_forward_debit_price,
];

interface Made {
  readonly row: PositionRaw;
  readonly price: number;
}
/** One price each of those that nothing was carried into. */
const madeToday = (rows: readonly PositionRaw[], pricesIn: (row: PositionRaw) => readonly number[]): Made[] =>
  rows.flatMap((row) => {
    const price = row.net_carry_forward_quantity === 0 ? pricesIn(row).find((each) => each > 0) : undefined;
    return price === undefined ? [] : [{ row, price }];
  });

/** Shares are steady, and contracts that the master calls futures. */
function evidenceOf(
  row: PositionRaw,
  { prices, ltp, lookup }: { prices: readonly number[]; ltp: Price | null; lookup: Lookup },
): Evidence[] {
  if (ltp === null) return [];
  const segment = segmentNamed(row.exchange, row.segment);
  const kind = segment && lookup(segment, row.trading_symbol)?.instrument.kind;
  const isSteady = row.segment === "CASH" || kind === "future";
  return prices.filter((price) => price > 0).map((price) => ({ price, ltp, isSteady }));
}
