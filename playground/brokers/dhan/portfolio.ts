import type { Exchange, ExchangeAccount } from "../../../connectors/paper/exchange/types.ts";
import { istDate, istTime } from "../../../src/domain/market.ts";
import { rupeesFromPaise, rupeesFromPrice, subtractPaise } from "../../../src/domain/money.ts";
import { soldToday, type Holding, type Position, type Trade } from "../../../src/domain/portfolio.ts";
import { contractFields, displayName, tradingName, wireId } from "./names.ts";
import { json, refusal, type Fields } from "./reply.ts";
import { tradedToday } from "../traded-today.ts";

/** An account without holdings gets an error, not an empty list. */
export function holdings(account: ExchangeAccount, exchange: Exchange): Response {
  const [held, positions] = [account.holdings(), account.positions()];
  const rows = held.map((holding, at) => ({
    ...holdingRow(holding, soldToday(holding, held, positions), exchange),
    ...lastPriceOf(holding, at),
  }));
  return rows.length > 0 ? json(rows) : refusal(500, "HOLDING_ERROR", "DH-1111", "No holdings available");
}

/** Quantities are as of the start of the day, except the available one. */
function holdingRow(holding: Holding, sold: number, exchange: Exchange): Fields {
  const instrument = holding.key ? exchange.find(holding.key) : undefined;
  const funded = holding.productType === "MTF" ? holding.qty : 0;
  return {
    exchange: instrument?.segment === "BSE" ? "BSE" : "ALL",
    tradingSymbol: instrument ? tradingName(instrument) : holding.symbol,
    securityId: holding.key ? wireId(holding.key).securityId : "",
    isin: holding.isin ?? "",
    totalQty: holding.qty + sold,
    dpQty: holding.qty + sold - holding.t1Qty,
    t1Qty: holding.t1Qty,
    mtf_t1_qty: 0,
    mtf_qty: funded,
    availableQty: holding.sellableQty,
    collateralQty: holding.pledgedQty,
    avgCostPrice: rupeesFromPrice(holding.avgPrice),
  };
}

/** `lastTradedPrice` is optional at Dhan: every other row lacks it here. */
const lastPriceOf = ({ ltp }: Holding, at: number): Fields =>
  ltp === null || at % 2 === 1 ? {} : { lastTradedPrice: rupeesFromPrice(ltp) };

export function positions(account: ExchangeAccount, exchange: Exchange, clientId: string): Response {
  const trades = account.trades();
  return json(account.positions().map((position) => positionRow(position, trades, exchange, clientId)));
}

/** Carried-forward values are the totals minus today's trades. */
function positionRow(position: Position, trades: readonly Trade[], exchange: Exchange, clientId: string): Fields {
  const instrument = position.key ? exchange.find(position.key) : undefined;
  const [bought, sold] = [tradedToday(position, trades, "BUY"), tradedToday(position, trades, "SELL")];
  const buyValue = rupeesFromPaise(position.buyValue);
  const sellValue = rupeesFromPaise(position.sellValue);
  return {
    dhanClientId: clientId,
    tradingSymbol: instrument ? displayName(instrument) : position.symbol,
    ...(position.key ? wireId(position.key) : {}),
    positionType: position.side === "CLOSED" ? "CLOSED" : position.side === "BUY" ? "LONG" : "SHORT",
    productType: position.productType,
    buyAvg: average(buyValue, position.buyQty),
    buyQty: position.buyQty,
    costPrice: rupeesFromPrice(position.avgPrice),
    sellAvg: average(sellValue, position.sellQty),
    sellQty: position.sellQty,
    netQty: position.side === "SELL" ? -position.qty : position.qty,
    realizedProfit: rupeesFromPaise(position.realised),
    unrealizedProfit: rupeesFromPaise(position.unrealised),
    rbiReferenceRate: 1,
    multiplier: position.multiplier,
    carryForwardBuyQty: position.buyQty - bought.qty,
    carryForwardSellQty: position.sellQty - sold.qty,
    carryForwardBuyValue: rupeesFromPaise(subtractPaise(position.buyValue, bought.value)),
    carryForwardSellValue: rupeesFromPaise(subtractPaise(position.sellValue, sold.value)),
    dayBuyQty: bought.qty,
    daySellQty: sold.qty,
    dayBuyValue: rupeesFromPaise(bought.value),
    daySellValue: rupeesFromPaise(sold.value),
    ...contractFields(instrument),
    drvOptionType: instrument?.kind === "option" ? contractFields(instrument).drvOptionType : null,
    crossCurrency: false,
  };
}

const average = (value: number, quantity: number): number =>
  quantity === 0 ? 0 : Math.round((value / quantity) * 100) / 100;

/** `availabelBalance` is Dhan's own spelling; it includes the collateral. */
export function funds(account: ExchangeAccount, clientId: string): Response {
  const { available, used, cash, collateral } = account.funds();
  return json({
    dhanClientId: clientId,
    availabelBalance: rupeesFromPaise(available),
    sodLimit: rupeesFromPaise(available) + rupeesFromPaise(used),
    collateralAmount: rupeesFromPaise(collateral),
    receiveableAmount: 0,
    utilizedAmount: rupeesFromPaise(used),
    blockedPayoutAmount: 0,
    withdrawableBalance: rupeesFromPaise(cash),
  });
}

export function profile(clientId: string, options: { expiresAt: number; hasMarketData: boolean }): Response {
  const [year, month, day] = istDate(options.expiresAt).split("-");
  return json({
    dhanClientId: clientId,
    tokenValidity: `${day}/${month}/${year} ${istTime(options.expiresAt)}`,
    activeSegment: "Equity, Derivative, Currency, Commodity",
    ddpi: "Active",
    mtf: "Active",
    dataPlan: options.hasMarketData ? "Active" : "Deactive",
    dataValidity: "2027-12-05 09:37:52.0",
  });
}
