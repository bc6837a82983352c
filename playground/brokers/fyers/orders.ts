import { z } from "zod";
import type {
  Exchange,
  ExchangeAccount,
  ExchangeReply,
  RefusalCode,
} from "../../../connectors/paper/exchange/types.ts";
import { brokerOrderId } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { price, priceFromRupees, roundToTick } from "../../../src/domain/money.ts";
import type { Price } from "../../../src/domain/money.ts";
import type { Order, OrderTerms, Side } from "../../../src/domain/order.ts";
import { invalid, json, refuse } from "./reply.ts";

/** Behaviour that Fyers' documentation leaves open; tests turn it on. */
export interface FyersQuirks {
  /** Orders are answered with code 201 and no id: the exchange has not acknowledged them yet. */
  leavesUnacknowledged: boolean;
}

interface OrderDesk {
  readonly exchange: Exchange;
  readonly account: () => ExchangeAccount;
  readonly find: (symbol: string) => Instrument | undefined;
  readonly clientId: string;
  readonly quirks: FyersQuirks;
}

const PROTECTION_BASIS_POINTS = 300;
const MAX_TAG = 30;

const placeSchema = z.object({
  symbol: z.string(),
  qty: z.number().int().positive(),
  type: z.literal([1, 2, 3, 4]),
  side: z.literal([1, -1]),
  productType: z.enum(["CNC", "INTRADAY", "MARGIN", "MTF"]),
  limitPrice: z.number(),
  stopPrice: z.number(),
  disclosedQty: z.number(),
  validity: z.enum(["DAY", "IOC"]),
  offlineOrder: z.boolean(),
  orderTag: z.string().optional(),
});
const changeSchema = z.object({
  id: z.string(),
  type: placeSchema.shape.type.optional(),
  qty: z.number().int().positive().optional(),
  limitPrice: z.number().optional(),
  stopPrice: z.number().optional(),
});
const legSchema = placeSchema.pick({
  symbol: true,
  qty: true,
  type: true,
  side: true,
  productType: true,
  limitPrice: true,
  stopPrice: true,
});
const marginSchema = z.object({ data: z.array(legSchema).min(1) });
type TypeCode = z.infer<typeof legSchema>["type"];

/** POST, PATCH and DELETE /orders/sync, and the margin of a ticket. */
export function createOrderDesk(desk: OrderDesk) {
  const { exchange, account, quirks } = desk;

  function toTerms(
    leg: { type: TypeCode; limitPrice: number; stopPrice: number },
    side: Side,
    of: Instrument,
  ): OrderTerms {
    const [limit, stop] = [priceFromRupees(leg.limitPrice), priceFromRupees(leg.stopPrice)];
    const protectedFrom = (from: Price) => ({
      basisPoints: PROTECTION_BASIS_POINTS,
      limit: protectedLimit(from, side, of),
    });
    if (leg.type === 1) return { type: "LIMIT", price: limit };
    if (leg.type === 4) return { type: "SL", price: limit, triggerPrice: stop };
    if (leg.type === 3) return { type: "SL-M", triggerPrice: stop, protection: protectedFrom(stop) };
    return { type: "LIMIT", price: protectedFrom(exchange.quote(of.key).ltp).limit };
  }

  const toSide = (code: 1 | -1): Side => (code === 1 ? "BUY" : "SELL");

  return {
    place(body: unknown): Response {
      const parsed = placeSchema.safeParse(body);
      if (!parsed.success) return invalid(`${parsed.error.issues[0]?.path.join(".") ?? "body"} is invalid`);
      const asked = parsed.data;
      const problem = tagProblem(asked.orderTag, desk.clientId);
      if (problem) return invalid(problem);
      const instrument = desk.find(asked.symbol);
      if (!instrument) return refuse(400, -300, "Invalid symbol provided");
      const side = toSide(asked.side);
      const reply = account().place({
        tag: asked.orderTag ?? null,
        key: instrument.key,
        side,
        productType: asked.productType,
        validity: asked.validity,
        qty: asked.qty,
        isAmo: asked.offlineOrder,
        terms: toTerms(asked, side, instrument),
      });
      if (reply.kind === "refused") return refusal(reply, undefined);
      if (quirks.leavesUnacknowledged)
        return json(200, {
          s: "ok",
          code: 201,
          message: "Order request taken. No acknowledgement from the exchange yet",
        });
      return placed(account().order(reply.orderId), reply.orderId);
    },

    modify(body: unknown): Response {
      const parsed = changeSchema.safeParse(body);
      if (!parsed.success) return invalid("Invalid modify request");
      const change = parsed.data;
      const order = findOrder(account(), change.id);
      const instrument = order?.key ? exchange.find(order.key) : undefined;
      if (!order || !instrument) return refuse(400, -51, "Invalid order id");
      const type = change.type ?? TYPES[order.type];
      const { limitPrice = order.price / 10_000, stopPrice = order.triggerPrice / 10_000 } = change;
      const terms = toTerms({ type, limitPrice, stopPrice }, order.side, instrument);
      const reply = account().modify(order.orderId, { ...(change.qty ? { qty: change.qty } : {}), terms });
      if (reply.kind === "refused") return refusal(reply, order);
      return json(200, { s: "ok", code: 1102, message: "Successfully modified order", id: order.orderId });
    },

    cancel(id: unknown): Response {
      const order = typeof id === "string" ? findOrder(account(), id) : undefined;
      if (!order) return refuse(400, -51, "Invalid order id");
      const reply = account().cancel(order.orderId);
      if (reply.kind === "refused") return refusal(reply, order);
      return json(200, { s: "ok", code: 1103, message: "Successfully cancelled order", id: order.orderId });
    },

    margin(body: unknown): Response {
      const parsed = marginSchema.safeParse(body);
      if (!parsed.success) return invalid("Invalid margin request");
      let total = 0;
      for (const leg of parsed.data.data) {
        const instrument = desk.find(leg.symbol);
        if (!instrument) return refuse(400, -300, "Invalid symbol provided");
        const side = toSide(leg.side);
        const terms = toTerms(leg, side, instrument);
        const { key } = instrument;
        total += account().cost({
          tag: null,
          key,
          side,
          productType: leg.productType,
          validity: "DAY",
          qty: leg.qty,
          isAmo: false,
          terms,
        }).margin;
      }
      const available = account().funds().available / 100;
      const data = { margin_avail: available, margin_total: total / 100, margin_new_order: total / 100 };
      return json(200, { s: "ok", code: 200, message: "", data });
    },
  };
}

const TYPES = { LIMIT: 1, MARKET: 2, "SL-M": 3, SL: 4 } as const satisfies Record<Order["type"], TypeCode>;

const findOrder = (account: ExchangeAccount, id: string): Order | undefined =>
  id === "" ? undefined : account.order(brokerOrderId(id));

/** A refusal by risk management is an error that carries the id of the order, which exists and is rejected. */
function placed(order: Order | undefined, id: string): Response {
  if (order?.status === "rejected") return refuse(400, -99, order.message ?? "Rejected by RMS", { id });
  const message = `Order submitted successfully. Your Order Ref. No.${id}`;
  return json(200, { s: "ok", code: 1101, message, id });
}

function tagProblem(tag: string | undefined, clientId: string): string | null {
  if (tag === undefined) return null;
  if (!/^[A-Za-z0-9]+$/.test(tag)) return "Invalid orderTag. Only alphanumeric characters are allowed";
  if (tag.length > MAX_TAG) return `Invalid orderTag. At most ${MAX_TAG} characters are allowed`;
  return tag === clientId || tag === "Untagged" ? "Invalid orderTag. Reserved word" : null;
}

function protectedLimit(from: Price, side: Side, { tickSize }: Instrument): Price {
  const share = 10_000 + (side === "BUY" ? PROTECTION_BASIS_POINTS : -PROTECTION_BASIS_POINTS);
  return roundToTick(price(Math.round((from * share) / 10_000)), tickSize, side === "BUY" ? "down" : "up");
}

const REFUSALS: Record<Exclude<RefusalCode, "order-final">, number> = {
  "unknown-instrument": -300,
  "not-tradable": -50,
  "bad-quantity": -50,
  "bad-lot": -50,
  "above-freeze": -99,
  "bad-tick": -392,
  "outside-circuit": -99,
  "bad-trigger": -50,
  "bad-product": -50,
  "unknown-order": -51,
  "market-closed": -99,
};

function refusal({ code, message }: Extract<ExchangeReply, { kind: "refused" }>, order: Order | undefined): Response {
  return refuse(400, code === "order-final" ? finalCode(order) : REFUSALS[code], message);
}

function finalCode(order: Order | undefined): number {
  if (order?.status === "filled") return -162;
  return order?.status === "rejected" ? -164 : -161;
}
