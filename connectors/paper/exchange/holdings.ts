import type { InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { ZERO_PAISE, ZERO_PRICE, averagePrice, subtractPaise, sumPaise, valueOf } from "../../../src/domain/money.ts";
import type { Paise, Price } from "../../../src/domain/money.ts";
import { isDelivery } from "../../../src/domain/order.ts";
import type { Holding } from "../../../src/domain/portfolio.ts";
import type { AccountState, BookOrder, HoldingRow, World } from "./book.ts";
import { proportion, rowName } from "./book.ts";

type DeliveryProduct = HoldingRow["product"];

const t1Of = (row: HoldingRow): number => row.t1.reduce((sum, { qty }) => sum + qty, 0);

export function openHolding(account: AccountState, key: InstrumentKey, product: DeliveryProduct): HoldingRow {
  const name = rowName(key, product);
  let row = account.holdings.get(name);
  if (!row) account.holdings.set(name, (row = { key, product, settledQty: 0, t1: [], cost: ZERO_PAISE }));
  return row;
}

/** Today's net trades of a share by listing, less pending sells if given: negative when taken out of the holding. */
function tradedToday(
  world: World,
  account: AccountState,
  { key, product }: Pick<HoldingRow, "key" | "product">,
  pending: { readonly except: BookOrder | undefined } | null,
): Map<InstrumentKey, number> {
  const net = new Map<InstrumentKey, number>();
  const add = (listing: InstrumentKey, qty: number): void => {
    if (world.universe.home(listing) === key) net.set(listing, (net.get(listing) ?? 0) + qty);
  };
  for (const row of account.positions.values()) if (row.product === product) add(row.key, row.qty);
  for (const order of pending ? world.live : []) {
    const isSale = order.accountId === account.id && order.productType === product && order.side === "SELL";
    if (isSale && order !== pending?.except) add(order.key, order.filledQty - order.qty);
  }
  return net;
}

/** What sales take out of the holding. Purchases of the day cannot be delivered on the other exchange. */
const takenOut = (net: ReadonlyMap<InstrumentKey, number>): number =>
  [...net.values()].reduce((sum, qty) => sum + Math.max(0, -qty), 0);

/** Shares that may be sold: owned (T1 included) and bought today there, less those sold or in pending sell orders. */
export function sellableQty(
  world: World,
  account: AccountState,
  key: InstrumentKey,
  product: DeliveryProduct,
  self?: BookOrder,
): number {
  const home = world.universe.home(key);
  const row = account.holdings.get(rowName(home, product));
  const owned = row ? row.settledQty + t1Of(row) : 0;
  const net = tradedToday(world, account, { key: home, product }, { except: self });
  const bought = Math.max(0, net.get(key) ?? 0);
  return Math.max(0, owned + bought - takenOut(net));
}

export interface HoldingPrices {
  readonly ltp: Price;
  readonly prevClose: Price | null;
}

/** Null when all of it has been sold today. */
export function toHolding(
  world: World,
  account: AccountState,
  row: HoldingRow,
  instrument: Instrument,
  { ltp, prevClose }: HoldingPrices,
): Holding | null {
  const total = row.settledQty + t1Of(row);
  const qty = total - takenOut(tradedToday(world, account, row, null));
  if (qty <= 0) return null;
  const cost = proportion(row.cost, qty, total);
  return {
    symbol: instrument.symbol,
    key: row.key,
    isin: instrument.isin ?? null,
    productType: row.product,
    qty,
    t1Qty: Math.min(t1Of(row), qty),
    // Sales take delivered shares first.
    sellableQty: Math.max(0, row.settledQty - takenOut(tradedToday(world, account, row, { except: undefined }))),
    pledgedQty: 0,
    avgPrice: cost === 0 ? ZERO_PRICE : averagePrice(cost, qty),
    ltp,
    prevClose,
    pnl: cost === 0 ? null : subtractPaise(valueOf(ltp, qty), cost),
  };
}

/** Moves the day's delivery trades into the holdings. Returns the realised profit of MTF sales, paid only now. */
export function deliver(world: World, account: AccountState, settlesOn: string): Paise {
  const rows = [...account.positions.values()].filter((row) => row.qty !== 0 && isDelivery(row.product));
  let realised: Paise = ZERO_PAISE;
  // Sales first: on one exchange they take, at their cost, only shares that were there before those bought on the other.
  for (const row of rows.toSorted((a, b) => a.qty - b.qty)) {
    if (!isDelivery(row.product)) continue;
    const holding = openHolding(account, world.universe.home(row.key), row.product);
    if (row.qty > 0) {
      holding.t1.push({ qty: row.qty, settlesOn });
      holding.cost = sumPaise([holding.cost, row.cost]);
    } else {
      const cost = takeOut(holding, -row.qty);
      if (row.product === "MTF") realised = sumPaise([realised, subtractPaise(row.cost, cost)]);
    }
    row.qty = 0;
  }
  for (const [name, holding] of account.holdings) {
    if (holding.settledQty + t1Of(holding) === 0) account.holdings.delete(name);
  }
  return realised;
}

/** Never more than there is, whatever a kept file says was sold. */
function takeOut(holding: HoldingRow, sold: number): Paise {
  const total = holding.settledQty + t1Of(holding);
  const quantity = Math.min(sold, total);
  const cost = proportion(holding.cost, quantity, total);
  holding.cost = subtractPaise(holding.cost, cost);
  const fromSettled = Math.min(holding.settledQty, quantity);
  holding.settledQty -= fromSettled;
  let left = quantity - fromSettled;
  holding.t1 = holding.t1.flatMap((lot) => {
    const taken = Math.min(lot.qty, left);
    left -= taken;
    return lot.qty === taken ? [] : [{ ...lot, qty: lot.qty - taken }];
  });
  return cost;
}

export function settle(account: AccountState, date: string): void {
  for (const holding of account.holdings.values()) {
    for (const lot of holding.t1) if (lot.settlesOn <= date) holding.settledQty += lot.qty;
    holding.t1 = holding.t1.filter((lot) => lot.settlesOn > date);
  }
}
