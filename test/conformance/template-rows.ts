import type { Exchange, ExchangeAccount } from "../../connectors/paper/exchange/types.ts";
import type { InstrumentKey } from "../../src/domain/ids.ts";
import { isDerivative, type Instrument } from "../../src/domain/instrument.ts";
import { istDateTime } from "../../src/domain/market.ts";
import type { Order, OrderStatus } from "../../src/domain/order.ts";

/** The exchange's records in Acme's dialect. */
export type Fields = Readonly<Record<string, unknown>>;
type HoldingRecord = ReturnType<ExchangeAccount["holdings"]>[number];
type PositionRecord = ReturnType<ExchangeAccount["positions"]>[number];
type TradeRecord = ReturnType<ExchangeAccount["trades"]>[number];

export const rupees = (at: number | null): number | null => (at === null ? null : at / 10_000);
export const inRupees = (amounts: object, scale: number): Fields =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, Number(amount) / scale]));

export const holdingRow = (row: HoldingRecord): Fields => ({
  instrument: row.key,
  symbol: row.symbol,
  isin: row.isin,
  product: row.productType,
  quantity: row.qty,
  t1: row.t1Qty,
  sellable: row.sellableQty,
  pledged: row.pledgedQty,
  average: rupees(row.avgPrice),
  last: rupees(row.ltp),
  close: rupees(row.prevClose),
  pnl: row.pnl === null ? null : row.pnl / 100,
});

export const positionRow = (row: PositionRecord): Fields => ({
  instrument: row.key,
  symbol: row.symbol,
  segment: row.segment,
  product: row.productType,
  net: row.side === "SELL" ? -row.qty : row.qty,
  average: rupees(row.avgPrice),
  last: rupees(row.ltp),
  pnl: row.pnl / 100,
  realised: row.realised / 100,
  day_pnl: (row.dayPnl ?? 0) / 100,
  buy_quantity: row.buyQty,
  buy_value: row.buyValue / 100,
  sell_quantity: row.sellQty,
  sell_value: row.sellValue / 100,
});

const STATUS: Readonly<Record<OrderStatus, string>> = {
  pending: "new",
  open: "open",
  "trigger-pending": "waiting",
  filled: "done",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
};

export const orderRow = (row: Order): Fields => ({
  id: row.orderId,
  exchange_id: row.exchangeOrderId,
  tag: row.tag,
  instrument: row.key,
  symbol: row.symbol,
  side: row.side,
  type: row.type,
  product: row.productType,
  validity: row.validity,
  quantity: row.qty,
  filled: row.filledQty,
  average: rupees(row.avgPrice),
  price: rupees(row.price),
  trigger: rupees(row.triggerPrice),
  status: STATUS[row.status],
  message: row.message,
  after_market: row.isAmo,
  placed_at: istDateTime(row.placedAt ?? 0),
});

export const tradeRow = (row: TradeRecord): Fields => ({
  id: row.tradeId,
  order_id: row.orderId,
  instrument: row.key,
  symbol: row.symbol,
  side: row.side,
  product: row.productType,
  quantity: row.qty,
  price: rupees(row.price),
  at: istDateTime(row.at ?? 0),
});

export function quoteRows(exchange: Exchange, ids: readonly string[]): Fields {
  const known = ids.flatMap((id) => exchange.find(id as InstrumentKey) ?? []);
  return Object.fromEntries(
    known.map(({ key }) => {
      const { ltp, open, high, low, prevClose, bid, ask, volume, openInterest, at, ...rest } = exchange.quote(key);
      const prices = { last: ltp, open, high, low, close: prevClose, bid, ask };
      const circuits = { lower_circuit: rest.lowerCircuit, upper_circuit: rest.upperCircuit };
      const inRupees = Object.entries({ ...prices, ...circuits }).map(([name, value]) => [name, rupees(value)]);
      return [key, { ...Object.fromEntries(inRupees), volume, open_interest: openInterest, at: istDateTime(at ?? 0) }];
    }),
  );
}

export function depthRow(exchange: Exchange, { key }: Instrument): Fields {
  const { bids, asks, totalBidQty, totalAskQty, ltp } = exchange.depth(key);
  const levels = (side: typeof bids) => side.map((level) => ({ ...level, price: rupees(level.price) }));
  return {
    bids: levels(bids),
    asks: levels(asks),
    total_bids: totalBidQty,
    total_asks: totalAskQty,
    last: rupees(ltp),
  };
}

/** The master file, with an unknown segment, a truncated row and an invalid row. */
export function master(exchange: Exchange): string {
  const rows = exchange.instruments.map((each) => {
    const terms = isDerivative(each) ? [each.underlying, each.expiry] : ["", ""];
    const strike = each.kind === "option" ? `${each.strike / 10_000}${each.optionType}` : "";
    const series = each.kind === "equity" ? each.series : "";
    const listed = [each.key, each.symbol, each.kind, each.name, series, each.isin ?? ""];
    return [...listed, each.lotSize, each.tickSize / 10_000, each.freezeQty ?? "", ...terms, strike].join(",");
  });
  const badRows = [
    "NCX:12,NCX:GOLD,future,Gold,,,1,1,,GOLD,2026-12-05,",
    "NSE:99",
    "NSE:98,NSE:ODD-EQ,share,Odd,EQ,,1,1,,,,",
  ];
  return ["instrument,symbol,kind,name,series,isin,lot,tick,freeze,underlying,expiry,strike", ...rows, ...badRows].join(
    "\n",
  );
}
