import { istDate } from "../../../src/domain/market.ts";
import { type Price, rupeesFromPaise, rupeesFromPrice, valueOf, ZERO_PAISE } from "../../../src/domain/money.ts";
import type { Funds, Holding, Position } from "../../../src/domain/portfolio.ts";
import type { Product } from "../../../src/domain/order.ts";
import type { KiteListing } from "./names.ts";

/** Kite writes 0 for a missing price. */
export const rupees = (price: Price | null): number => (price === null ? 0 : rupeesFromPrice(price));

export const kiteProduct = (product: Product): string =>
  product === "INTRADAY" ? "MIS" : product === "MARGIN" ? "NRML" : product;

export const listedFields = ({ tradingsymbol, exchange, token }: KiteListing) => ({
  tradingsymbol,
  exchange,
  instrument_token: token,
});

/** One row per share: its margin-funded (MTF) part is nested, and what was `sold` today counts as used. */
export function holdingRow(held: readonly Holding[], sold: readonly Position[], listing: KiteListing, now: number) {
  const used = (product: Product): number =>
    sold.filter(({ productType }) => productType === product).reduce((sum, { qty }) => sum + qty, 0);
  const own = held.find(({ productType }) => productType === "CNC");
  const funded = held.find(({ productType }) => productType === "MTF");
  const { ltp = null, prevClose = null, isin = null } = own ?? funded ?? {};
  const last = rupees(ltp);
  const close = rupees(prevClose);
  const t1 = own?.t1Qty ?? 0;
  const delivered = (own?.qty ?? 0) - t1;
  const pledged = own?.pledgedQty ?? 0;
  return {
    ...listedFields(listing),
    isin: isin ?? listing.instrument.isin ?? "",
    product: "CNC",
    price: 0,
    // Kite leaves out T1 shares, which are bought but not yet delivered.
    quantity: delivered,
    used_quantity: used("CNC"),
    t1_quantity: t1,
    realised_quantity: delivered + used("CNC"),
    authorised_quantity: 0,
    authorised_date: `${istDate(now)} 00:00:00`,
    authorisation: {},
    opening_quantity: delivered + t1 + used("CNC"),
    short_quantity: 0,
    collateral_quantity: pledged,
    collateral_type: pledged > 0 ? "margin" : "",
    discrepancy: own?.avgPrice === 0,
    average_price: rupees(own?.avgPrice ?? null),
    last_price: last,
    close_price: close,
    pnl: rupeesFromPaise(own?.pnl ?? ZERO_PAISE),
    day_change: last - close,
    day_change_percentage: close === 0 ? 0 : ((last - close) / close) * 100,
    mtf: {
      quantity: funded?.qty ?? 0,
      used_quantity: used("MTF"),
      average_price: rupees(funded?.avgPrice ?? null),
      value: funded ? rupeesFromPaise(valueOf(funded.avgPrice, funded.qty)) : 0,
      initial_margin: 0,
    },
  };
}

export function positionRow(position: Position, listing: KiteListing) {
  const quantity = position.side === "SELL" ? -position.qty : position.qty;
  const last = rupeesFromPrice(position.ltp ?? position.avgPrice);
  const bought = rupeesFromPaise(position.buyValue);
  const sold = rupeesFromPaise(position.sellValue);
  const m2m = rupeesFromPaise(position.dayPnl ?? position.pnl);
  const pnl = rupeesFromPaise(position.pnl);
  const average = (value: number, units: number): number => (units === 0 ? 0 : value / units / position.multiplier);
  return {
    ...listedFields(listing),
    product: kiteProduct(position.productType),
    quantity,
    overnight_quantity: 0,
    multiplier: position.multiplier,
    average_price: rupeesFromPrice(position.avgPrice),
    close_price: 0,
    last_price: last,
    value: sold - bought,
    pnl,
    m2m,
    // Kite books closed profit under `unrealised` and leaves `realised` 0.
    unrealised: pnl,
    realised: 0,
    buy_quantity: position.buyQty,
    buy_price: average(bought, position.buyQty),
    buy_value: bought,
    buy_m2m: sold + quantity * last * position.multiplier - m2m,
    sell_quantity: position.sellQty,
    sell_price: average(sold, position.sellQty),
    sell_value: sold,
    sell_m2m: sold,
    day_buy_quantity: position.buyQty,
    day_buy_price: average(bought, position.buyQty),
    day_buy_value: bought,
    day_sell_quantity: position.sellQty,
    day_sell_price: average(sold, position.sellQty),
    day_sell_value: sold,
  };
}

export const marginsRow = (funds: Funds) => {
  const net = rupeesFromPaise(funds.available);
  const cash = rupeesFromPaise(funds.cash);
  return {
    equity: segmentRow(true, {
      net,
      cash,
      collateral: rupeesFromPaise(funds.collateral),
      debits: rupeesFromPaise(funds.used),
    }),
    commodity: segmentRow(false, { net: 0, cash: 0, collateral: 0, debits: 0 }),
  };
};

function segmentRow(
  enabled: boolean,
  { net, cash, collateral, debits }: Record<"net" | "cash" | "collateral" | "debits", number>,
) {
  return {
    enabled,
    net,
    available: { adhoc_margin: 0, cash, opening_balance: cash, live_balance: net, collateral, intraday_payin: 0 },
    utilised: {
      debits,
      exposure: 0,
      m2m_realised: 0,
      m2m_unrealised: 0,
      option_premium: 0,
      payout: 0,
      span: debits,
      holding_sales: 0,
      turnover: 0,
      liquid_collateral: 0,
      stock_collateral: 0,
      delivery: 0,
    },
  };
}
