import { rupeesFromPaise, rupeesFromPrice, subtractPaise, type Price } from "../../../src/domain/money.ts";
import type { Product } from "../../../src/domain/order.ts";
import type { Funds, Holding, Position, Trade } from "../../../src/domain/portfolio.ts";
import { bookFields, type Listing } from "./names.ts";
import { tradedToday, type Traded } from "../traded-today.ts";

const rupees = (at: Price | null): number => (at === null ? 0 : rupeesFromPrice(at));

export const upstoxProduct = (product: Product): string =>
  product === "INTRADAY" ? "I" : product === "MTF" || product === "CO" ? product : "D";

/** Funds v3 lists cash and pledge separately, each net of what is used. */
export function fundsRow(funds: Funds): object {
  const [available, used, cash, pledged] = [funds.available, funds.used, funds.cash, funds.collateral].map(
    rupeesFromPaise,
  );
  const nothing = { total: 0, equity: 0, mutual_funds: 0 };
  return {
    available_to_trade: {
      total: available,
      cash_available_to_trade: {
        total: rupeesFromPaise(subtractPaise(funds.available, funds.collateral)),
        cash: {
          opening_balance: cash,
          added_today: 0,
          withdrawn_today: 0,
          amount_from_stock_sale: 0,
          unpaid_charges: 0,
        },
        margin_used: { total: used, mtf: 0, loss: { total: 0, realised: 0, unrealised: 0 }, span_exposure: 0 },
      },
      pledge_available_to_trade: {
        total: pledged,
        margin_from_pledge: { ...nothing, total: pledged, equity: pledged },
        margin_used: { total: 0 },
      },
    },
    unavailable_to_trade: { pledge_unavailable_to_trade: { equity: 0, mutual_funds: 0 } },
  };
}

/** `quantity` is as of the start of the day; today's sales are in `cnc_used_quantity`. The symbol has no series. */
export function holdingRow(holding: Holding, sold: number, { key, symbol, exchange }: Listing): object {
  const quantity = holding.qty + sold;
  const ltp = rupees(holding.ltp);
  return {
    isin: holding.isin ?? "",
    cnc_used_quantity: quantity - holding.t1Qty - holding.sellableQty - holding.pledgedQty,
    collateral_type: "WC",
    company_name: symbol,
    haircut: 0.2,
    product: upstoxProduct(holding.productType),
    quantity,
    trading_symbol: symbol,
    tradingsymbol: symbol,
    last_price: ltp,
    close_price: rupees(holding.prevClose),
    pnl: Math.round((ltp - rupees(holding.avgPrice)) * quantity * 100) / 100,
    day_change: 0,
    day_change_percentage: 0,
    instrument_token: key,
    average_price: holding.avgPrice === 0 ? null : rupees(holding.avgPrice),
    collateral_quantity: holding.pledgedQty,
    collateral_update_quantity: 0,
    t1_quantity: holding.t1Qty,
    exchange,
  };
}

const average = ({ qty, value }: Traded): number => (qty === 0 ? 0 : Math.round(value / qty) / 100);

/** The row's results for carried-forward positions contradict each other, as in the official samples. */
export function positionRow(position: Position, trades: readonly Trade[], listing: Listing): object {
  const [bought, sold] = [tradedToday(position, trades, "BUY"), tradedToday(position, trades, "SELL")];
  const carriedBuy: Traded = {
    qty: position.buyQty - bought.qty,
    value: subtractPaise(position.buyValue, bought.value),
  };
  const carriedSell: Traded = {
    qty: position.sellQty - sold.qty,
    value: subtractPaise(position.sellValue, sold.value),
  };
  const quantity = position.side === "SELL" ? -position.qty : position.qty;
  const isCarried = carriedBuy.qty !== 0 || carriedSell.qty !== 0;
  const lastValue = rupees(position.ltp) * quantity;
  const dayCash = rupeesFromPaise(subtractPaise(sold.value, bought.value));
  return {
    ...bookFields(listing),
    multiplier: position.multiplier,
    value: Math.abs(dayCash),
    pnl: dayCash + lastValue,
    product: upstoxProduct(position.productType),
    average_price: isCarried ? rupees(position.avgPrice) : null,
    overnight_quantity: carriedBuy.qty - carriedSell.qty,
    overnight_buy_amount: rupeesFromPaise(carriedBuy.value),
    overnight_buy_quantity: carriedBuy.qty,
    overnight_sell_amount: rupeesFromPaise(carriedSell.value),
    overnight_sell_quantity: carriedSell.qty,
    day_buy_quantity: bought.qty,
    day_buy_value: rupeesFromPaise(bought.value),
    day_buy_price: average(bought),
    day_sell_quantity: sold.qty,
    day_sell_value: rupeesFromPaise(sold.value),
    day_sell_price: average(sold),
    buy_value: rupeesFromPaise(bought.value),
    buy_price: average(bought),
    sell_value: rupeesFromPaise(sold.value),
    sell_price: average(sold),
    quantity,
    last_price: rupees(position.ltp),
    close_price: 0,
    unrealised: isCarried ? lastValue : rupeesFromPaise(position.unrealised),
    realised: isCarried ? 0 : rupeesFromPaise(position.realised),
  };
}
