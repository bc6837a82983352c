import type { InstrumentKey } from "../../../src/domain/ids.ts";
import {
  INDICES,
  equitySymbol,
  indexKey,
  instrumentKey,
  isDerivative,
  indexInstrument,
} from "../../../src/domain/instrument.ts";
import type { Equity, Index, Instrument } from "../../../src/domain/instrument.ts";
import type { Price } from "../../../src/domain/money.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { contractsOf } from "./contracts.ts";
import type { ListedIndex, Share } from "./listings.ts";
import { INDEX_LEVELS, SHARES, UNDERLYINGS } from "./listings.ts";
import type { Walk, Walks } from "./walk.ts";

const CASH_FREEZE_QTY = 100_000;

/** The instruments listed on a day. Derivatives change with their expiries. */
export interface Universe {
  readonly list: readonly Instrument[];
  find(key: InstrumentKey): Instrument | undefined;
  walkOf(instrument: Instrument): Walk;
  /** The NSE key of the same share. Holdings use it, because a depository does not distinguish exchanges. */
  home(key: InstrumentKey): InstrumentKey;
  /** Lists the derivatives of a date, keeping those still held. */
  relist(date: string, held: readonly Instrument[]): void;
}

const WALKS: ReadonlyMap<string, Walk> = new Map<string, Walk>([
  ...SHARES.map(({ ticker, base, volatility }): [string, Walk] => [
    ticker,
    { id: ticker, base, volatility, moves: ticker },
  ]),
  ...Object.entries(INDEX_LEVELS).map(([id, level]): [string, Walk] => [id, { id, ...level }]),
]);

function walkNamed(id: string): Walk {
  const walk = WALKS.get(id);
  if (!walk) throw new RangeError(`no price process for ${id}`);
  return walk;
}

export function createUniverse(walks: Walks): Universe {
  const cash: Instrument[] = [...SHARES.flatMap(listingsOf), ...indices()];
  const walkByKey = new Map<InstrumentKey, Walk>();
  for (const share of SHARES) {
    for (const listing of listingsOf(share)) walkByKey.set(listing.key, walkNamed(share.ticker));
  }
  for (const id of Object.keys(INDEX_LEVELS)) walkByKey.set(indexKey(id), walkNamed(id));
  const homes = new Map<InstrumentKey, InstrumentKey>(
    SHARES.flatMap((share) => listingsOf(share).map(({ key }) => [key, instrumentKey("NSE", share.nseToken)] as const)),
  );
  let list: readonly Instrument[] = cash;
  let byKey = new Map<InstrumentKey, Instrument>();

  return {
    get list() {
      return list;
    },
    find: (key) => byKey.get(key),
    walkOf(instrument) {
      if (isDerivative(instrument)) {
        const underlying = UNDERLYINGS.find((each) => each.name === instrument.underlying);
        return walkNamed(underlying?.walk ?? instrument.underlying);
      }
      const walk = walkByKey.get(instrument.key);
      if (!walk) throw new RangeError(`no price process for ${instrument.key}`);
      return walk;
    },
    home: (key) => homes.get(key) ?? key,
    relist(date, held) {
      byKey = new Map(cash.map((instrument) => [instrument.key, instrument]));
      for (const underlying of UNDERLYINGS) {
        const spot = walks.span(walkNamed(underlying.walk), date).prevClose;
        for (const contract of contractsOf(underlying, date, spot)) byKey.set(contract.key, contract);
      }
      for (const instrument of held) {
        if (isDerivative(instrument) && instrument.expiry >= date) byKey.set(instrument.key, instrument);
      }
      list = [...byKey.values()];
    },
  };
}

function listingsOf(share: Share): Equity[] {
  const listing = {
    kind: "equity" as const,
    name: share.name,
    isin: share.isin,
    lotSize: 1,
    tickSize: cashTick(share.base),
    freezeQty: CASH_FREEZE_QTY,
  };
  const nse: Equity = {
    ...listing,
    segment: "NSE",
    series: "EQ",
    key: instrumentKey("NSE", share.nseToken),
    symbol: equitySymbol("NSE", share.ticker, "EQ"),
  };
  if (share.bseCode === undefined) return [nse];
  const bse: Equity = {
    ...listing,
    segment: "BSE",
    series: "A",
    key: instrumentKey("BSE", share.bseCode),
    symbol: equitySymbol("BSE", share.ticker, "A"),
  };
  return [nse, bse];
}

const indices = (): Index[] => INDICES.filter(({ name }) => isListedIndex(name)).map(indexInstrument);

const isListedIndex = (name: string): name is ListedIndex => Object.hasOwn(INDEX_LEVELS, name);

/** Ticks by price range, as on the real exchange; below 2,000 rupees simplified to 0.05. */
function cashTick(base: number): Price {
  if (base < 2_000) return priceFromRupees("0.05");
  if (base < 5_000) return priceFromRupees("0.10");
  return priceFromRupees(base < 10_000 ? "0.50" : "1");
}
