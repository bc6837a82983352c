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

/** Today's net trades of a share over both exchanges: negative when sold out of the holding. */
function netToday({ universe }: World, account: AccountState, home: InstrumentKey, product: DeliveryProduct): number {
  let net = 0;
  for (const row of account.positions.values()) {
    if (row.product === product && universe.home(row.key) === home) net += row.qty;
  }
  return net;
}

function pendingSells(
  world: World,
  account: AccountState,
  home: InstrumentKey,
  product: DeliveryProduct,
  self?: BookOrder,
): number {
  let pending = 0;
  for (const order of world.live) {
    if (order === self) continue;
    const isSame = order.accountId === account.id && order.productType === product && order.side === "SELL";
    if (isSame && world.universe.home(order.key) === home) pending += order.qty - order.filledQty;
  }
  return pending;
}

/** Shares that may be sold: owned (T1 included) and bought today, less those sold or in pending sell orders. */
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
  const free = owned + netToday(world, account, home, product) - pendingSells(world, account, home, product, self);
  return Math.max(0, free);
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
  const sold = Math.max(0, -netToday(world, account, row.key, row.product));
  const qty = total - sold;
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
    sellableQty: Math.min(row.settledQty, Math.max(0, sellableQty(world, account, row.key, row.product) - t1Of(row))),
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
  // Purchases first, since shares bought on one exchange may have been sold on the other.
  for (const row of rows.toSorted((a, b) => b.qty - a.qty)) {
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

function takeOut(holding: HoldingRow, quantity: number): Paise {
  const cost = proportion(holding.cost, quantity, holding.settledQty + t1Of(holding));
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
