import type { Exchange, ExchangeAccount } from "../../../connectors/paper/exchange/types.ts";
import { istDate, istTime } from "../../../src/domain/market.ts";
import { rupeesFromPaise, rupeesFromPrice } from "../../../src/domain/money.ts";
import type { Holding, Position } from "../../../src/domain/portfolio.ts";
import { contractFields, displayName, tradingName, wireId } from "./names.ts";
import { json, refusal, type Fields } from "./reply.ts";

/** An account without holdings gets an error, not an empty list. */
export function holdings(account: ExchangeAccount, exchange: Exchange): Response {
  const rows = account.holdings().map((holding) => holdingRow(holding, exchange));
  return rows.length > 0 ? json(rows) : refusal(500, "HOLDING_ERROR", "DH-1111", "No holdings available");
}

function holdingRow(holding: Holding, exchange: Exchange): Fields {
  const instrument = holding.key ? exchange.find(holding.key) : undefined;
  const funded = holding.productType === "MTF" ? holding.qty : 0;
  return {
    exchange: instrument?.segment === "BSE" ? "BSE" : "ALL",
    tradingSymbol: instrument ? tradingName(instrument) : holding.symbol,
    securityId: holding.key ? wireId(holding.key).securityId : "",
    isin: holding.isin ?? "",
    totalQty: holding.qty,
    dpQty: holding.qty - holding.t1Qty,
    t1Qty: holding.t1Qty,
    mtf_t1_qty: 0,
    mtf_qty: funded,
    availableQty: holding.sellableQty,
    collateralQty: holding.pledgedQty,
    avgCostPrice: rupeesFromPrice(holding.avgPrice),
    ...(holding.ltp === null ? {} : { lastTradedPrice: rupeesFromPrice(holding.ltp) }),
  };
}

export const positions = (account: ExchangeAccount, exchange: Exchange, clientId: string): Response =>
  json(account.positions().map((position) => positionRow(position, exchange, clientId)));

function positionRow(position: Position, exchange: Exchange, clientId: string): Fields {
  const instrument = position.key ? exchange.find(position.key) : undefined;
  // The exchange tells carried quantity only by a day's profit that differs from the whole.
  const isCarried = position.dayPnl !== null && position.dayPnl !== position.pnl;
  const carriedBuy = isCarried && position.side === "BUY";
  const carriedSell = isCarried && position.side === "SELL";
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
    carryForwardBuyQty: carriedBuy ? position.buyQty : 0,
    carryForwardSellQty: carriedSell ? position.sellQty : 0,
    carryForwardBuyValue: carriedBuy ? buyValue : 0,
    carryForwardSellValue: carriedSell ? sellValue : 0,
    dayBuyQty: carriedBuy ? 0 : position.buyQty,
    daySellQty: carriedSell ? 0 : position.sellQty,
    dayBuyValue: carriedBuy ? 0 : buyValue,
    daySellValue: carriedSell ? 0 : sellValue,
    ...contractFields(instrument),
    drvOptionType: instrument?.kind === "option" ? contractFields(instrument).drvOptionType : null,
    crossCurrency: false,
  };
}

const average = (value: number, quantity: number): number =>
  quantity === 0 ? 0 : Math.round((value / quantity) * 100) / 100;

/** With the misspelt key, and with the collateral inside the balance. */
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
