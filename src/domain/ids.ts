/** Branded strings: built only by the constructors here, so that ids of different things cannot be swapped. */
declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** A broker's public name, lower case: `zerodha`, `paper`. Listed in connectors/index.ts. */
export type BrokerName = Branded<"broker">;
/** Telegram's numeric user id as a string. */
export type UserId = Branded<"user">;
/** One user's account at one broker: the id of a `user_brokers` document. */
export type LinkId = Branded<"link">;
/** Exchange segment and the exchange's own token: `NSE:3045`; indices by name: `INDEX:NIFTY50`. */
export type InstrumentKey = Branded<"instrument">;
/** What people read and type, Fyers style: `NSE:SBIN-EQ`. */
export type TradingSymbol = Branded<"symbol">;
/** The broker's order id: always a string, some have 19 digits. */
export type BrokerOrderId = Branded<"order">;
/** The id of an `orders` document, from ticket to settled order. */
export type IntentId = Branded<"intent">;
/** A short text that the broker stores with an order, so that we can find the order again. */
export type OrderTag = Branded<"tag">;

function nonEmpty(value: string, what: string): string {
  if (value.trim() === "") throw new RangeError(`${what} must not be empty`);
  return value;
}

export const brokerName = (value: string): BrokerName => nonEmpty(value, "broker name") as BrokerName;
export const linkId = (value: string): LinkId => nonEmpty(value, "link id") as LinkId;
const STAND_IN_MARK = "-new";
/** The id of a link's stand-in, which takes new keys for it (`Accounts.standIn`). */
export const standInId = (link: LinkId): LinkId => linkId(`${link}${STAND_IN_MARK}`);
export const isStandIn = (id: string): boolean => id.endsWith(STAND_IN_MARK);
export const brokerOrderId = (value: string): BrokerOrderId => nonEmpty(value, "order id") as BrokerOrderId;
export const intentId = (value: string): IntentId => nonEmpty(value, "intent id") as IntentId;

export function userId(value: string | number): UserId {
  const text = String(value);
  if (!/^-?\d{1,16}$/.test(text)) throw new RangeError("user id must be Telegram's number");
  return text as UserId;
}

/** Every broker takes 1–19 letters and digits (Angel One's limit is the shortest). */
export function orderTag(value: string): OrderTag {
  if (!/^[A-Za-z0-9]{1,19}$/.test(value)) throw new RangeError("order tag must be 1–19 letters and digits");
  return value as OrderTag;
}

export function tradingSymbol(value: string): TradingSymbol {
  if (!/^[A-Z]{2,5}:\S{1,40}$/.test(value)) throw new RangeError(`not a symbol: ${value}`);
  return value as TradingSymbol;
}
