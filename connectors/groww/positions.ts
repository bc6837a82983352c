import { priceFromRupees, type Price } from "../../src/domain/money.ts";
import type { Position } from "../../src/domain/portfolio.ts";
import { BrokerError } from "../../src/errors.ts";
import type { Access, ConnectorDeps } from "../base.ts";
import { readBook } from "../book.ts";
import { nullUnlessExpired } from "../replies.ts";
import type { Client } from "./client.ts";
import { mapReply } from "./errors.ts";
import { toPosition } from "./map-portfolio.ts";
import { lastPrices } from "./market-data.ts";
import type { PositionRaw, SegmentRaw } from "./schemas.ts";
import { GROWW } from "./facts.ts";
import { AS_DOCUMENTED, scaleOf, scaleWithin, type Evidence, type Scale } from "./units.ts";
import { LISTED_BY, ltpName, identityOf, segmentNamed, type Lookup } from "./venue.ts";

const ENDPOINT = "GET /v1/positions/user";

export type Warn = ConnectorDeps["warn"];
export type Prices = ReadonlyMap<string, Price>;

/** Last prices for a portfolio; none if Groww fails: what may have to be closed must be shown even without prices. */
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

/** Today's positions with last prices, which Groww's rows lack, and in rupees, which the rows may not be in. */
export function createPositions(client: Client, deps: { lookup: () => Promise<Lookup>; warn: Warn }) {
  async function pricesOf(rows: readonly PositionRaw[], access: Access, signal?: AbortSignal): Promise<Prices> {
    const bySegment = await Promise.all(
      [...Map.groupBy(rows, ({ segment }) => segment)].flatMap(([segment, group]) =>
        segment === "COMMODITY"
          ? []
          : [pricesOrNone(client, access, { segment, names: group.map(ltpName) }, { signal, warn: deps.warn })],
      ),
    );
    return new Map(bySegment.flatMap((prices) => [...prices]));
  }

  /** For when no share or future decides: an option's last price may be far from what was paid, so its day's range does. */
  async function scaleByDay(opened: readonly OpenedToday[], access: Access, signal?: AbortSignal): Promise<Scale> {
    for (const { row, price } of opened) {
      const { exchange, segment, trading_symbol } = row;
      const quote = await client
        .getQuote(access, { exchange, segment, trading_symbol }, signal)
        .catch(nullUnlessExpired);
      const { low, high } = quote?.ohlc ?? {};
      const scale = low && high ? scaleWithin(price, priceFromRupees(low), priceFromRupees(high)) : null;
      if (scale !== null) return scale;
    }
    deps.warn("groww: could not tell whether positions are in rupees or paise; taken as documented");
    return AS_DOCUMENTED;
  }

  return async (access: Access, signal?: AbortSignal): Promise<Position[]> => {
    const { positions } = await client.getPositions(access, signal);
    if (positions.length === 0) return [];
    const rows = positions.flatMap((each) => (each.ok ? [each.row] : []));
    const [lookup, prices] = await Promise.all([deps.lookup(), pricesOf(rows, access, signal)]);
    const ltpOf = (row: PositionRaw): Price | null => prices.get(ltpName(row)) ?? null;
    const unitOf = async (pricesIn: (row: PositionRaw) => readonly number[]): Promise<Scale> => {
      const evidence = rows.flatMap((row) => evidenceOf(row, { prices: pricesIn(row), ltp: ltpOf(row), lookup }));
      const scale = mapReply(ENDPOINT, () => scaleOf(evidence));
      return scale ?? scaleByDay(openedToday(rows, pricesIn), access, signal);
    };
    const [net, traded] = [await unitOf(netPrice), await unitOf(tradedPrices)];
    return readBook(positions, {
      broker: GROWW,
      endpoint: ENDPOINT,
      map: (row) => toPosition(row, { lookup, ltp: ltpOf(row), scales: { net, traded } }),
      listedBy: LISTED_BY,
      listedOf: (row) => identityOf(row, lookup),
    });
  };
}

/**
 * Net and traded prices may be in different units: other clients of this API treat them so. What the net price of a
 * closed position means is not documented, and it is not used.
 */
const netPrice = (row: PositionRaw): readonly number[] => (row.quantity === 0 ? [] : [row.net_price]);
const tradedPrices = (row: PositionRaw): readonly number[] => [
  row.credit_price,
  row.debit_price,
  row.carry_forward_credit_price,
  row.carry_forward_debit_price,
];

interface OpenedToday {
  readonly row: PositionRaw;
  readonly price: number;
}
/** Positions without carried quantity, each with one of its prices. */
const openedToday = (rows: readonly PositionRaw[], pricesIn: (row: PositionRaw) => readonly number[]): OpenedToday[] =>
  rows.flatMap((row) => {
    const price = row.net_carry_forward_quantity === 0 ? pricesIn(row).find((each) => each > 0) : undefined;
    return price === undefined ? [] : [{ row, price }];
  });

/** A row's prices beside its last price. Shares and futures are steady. */
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
