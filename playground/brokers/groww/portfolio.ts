import { rupeesFromPaise, rupeesFromPrice, subtractPaise, type Paise } from "../../../src/domain/money.ts";
import type { Product } from "../../../src/domain/order.ts";
import type { Funds, Holding, Position, Trade } from "../../../src/domain/portfolio.ts";
import type { Listing } from "./names.ts";
import { tradedToday, type Traded } from "../traded-today.ts";

export const growwProduct = (product: Product): string =>
  product === "INTRADAY" ? "MIS" : product === "MARGIN" ? "NRML" : product;

export function fundsRow(funds: Funds): object {
  const [available, used, cash, collateral] = [funds.available, funds.used, funds.cash, funds.collateral].map(
    rupeesFromPaise,
  );
  return {
    clear_cash: cash,
    net_margin_used: used,
    brokerage_and_charges: 0,
    collateral_used: 0,
    collateral_available: collateral,
    adhoc_margin: 0,
    fno_margin_details: { net_fno_margin_used: 0, future_balance_available: available },
    equity_margin_details: {
      net_equity_margin_used: used,
      cnc_margin_used: used,
      mis_margin_used: 0,
      cnc_balance_available: available,
      mis_balance_available: available,
    },
    commodity_margin_details: { commodity_span_margin: 0 },
  };
}

/** Rows have no exchange and no price. `quantity` is as of the start of the day; today's sales are in `groww_locked_quantity`. */
export function holdingRow(holding: Holding, sold: number, { symbol }: Listing): object {
  const quantity = holding.qty + sold;
  return {
    isin: holding.isin ?? "",
    trading_symbol: symbol,
    quantity,
    average_price: rupeesFromPrice(holding.avgPrice),
    pledge_quantity: holding.pledgedQty,
    demat_locked_quantity: 0,
    groww_locked_quantity: quantity - holding.t1Qty - holding.sellableQty - holding.pledgedQty,
    repledge_quantity: 0,
    t1_quantity: holding.t1Qty,
    demat_free_quantity: holding.sellableQty,
    corporate_action_additional_quantity: 0,
    active_demat_transfer_quantity: 0,
  };
}

const before = (qty: number, value: Paise, today: Traded): Traded => ({
  qty: qty - today.qty,
  value: subtractPaise(value, today.value),
});

/** Rupees, to the ten-thousandth. */
const average = ({ qty, value }: Traded): number => (qty === 0 ? 0 : Math.round((value * 100) / qty) / 10_000);

/** `credit` means bought and `debit` sold. Rows have no last price and no unrealised profit. */
export function positionRow(position: Position, trades: readonly Trade[], listing: Listing): object {
  const [bought, sold] = [tradedToday(position, trades, "BUY"), tradedToday(position, trades, "SELL")];
  const carriedBuy = before(position.buyQty, position.buyValue, bought);
  const carriedSell = before(position.sellQty, position.sellValue, sold);
  const { instrument, exchange, segment, symbol } = listing;
  return {
    trading_symbol: symbol,
    segment,
    credit_quantity: bought.qty,
    credit_price: average(bought),
    debit_quantity: sold.qty,
    debit_price: average(sold),
    carry_forward_credit_quantity: carriedBuy.qty,
    carry_forward_credit_price: average(carriedBuy),
    carry_forward_debit_quantity: carriedSell.qty,
    carry_forward_debit_price: average(carriedSell),
    exchange,
    symbol_isin: instrument.isin ?? "",
    quantity: position.side === "SELL" ? -position.qty : position.qty,
    product: growwProduct(position.productType),
    net_carry_forward_quantity: carriedBuy.qty - carriedSell.qty,
    net_price: rupeesFromPrice(position.avgPrice),
    net_carry_forward_price: 0,
    realised_pnl: rupeesFromPaise(position.realised),
  };
}
