import type { z } from "zod";
import type { Access, ConnectorDeps } from "../base.ts";
import * as schemas from "./schemas.ts";
import type { SegmentRaw } from "./schemas.ts";
import { callerOf, createTransport, USER_CALL, type Call, type Caller } from "./transport.ts";

export const ORDERS_PER_PAGE = 25;
export const TRADES_PER_PAGE = 50;

type Query = Readonly<Record<string, string>>;
export type Client = ReturnType<typeof createClient>;

/** The raw client: one method per endpoint, every reply validated. Throws BrokerError. */
export function createClient(deps: ConnectorDeps) {
  const { roots, answerTo, ask } = createTransport(deps);

  const order = <S extends z.ZodType>(call: Omit<Call<S>, "rate">, access: Access, signal?: AbortSignal) =>
    ask({ ...call, rate: "order" }, callerOf(access), signal);
  const read = <S extends z.ZodType>(call: Call<S>, access: Access, signal?: AbortSignal) =>
    ask(call, callerOf(access), signal);

  return {
    instrumentsUrl: roots.GROWW_INSTRUMENTS_URL,

    /** `caller` has the TOTP token here. */
    postToken: (caller: Caller, body: unknown, signal?: AbortSignal) =>
      answerTo(
        { endpoint: "POST /v1/token/api/access", schema: schemas.tokenSchema, rate: "login", body },
        caller,
        signal,
      ),
    getUser: (caller: Caller, signal?: AbortSignal) => answerTo(USER_CALL, caller, signal),

    getFunds: (access: Access, signal?: AbortSignal) =>
      read({ endpoint: "GET /v1/margins/detail/user", schema: schemas.fundsSchema, rate: "account" }, access, signal),
    getHoldings: (access: Access, signal?: AbortSignal) =>
      read({ endpoint: "GET /v1/holdings/user", schema: schemas.holdingsSchema, rate: "account" }, access, signal),
    getPositions: (access: Access, signal?: AbortSignal) =>
      read({ endpoint: "GET /v1/positions/user", schema: schemas.positionsSchema, rate: "account" }, access, signal),

    /** Without a segment it lists the orders of all segments. */
    getOrderPage: (access: Access, page: number, signal?: AbortSignal) => {
      const query = { page: String(page), page_size: String(ORDERS_PER_PAGE) };
      const call = { endpoint: "GET /v1/order/list", schema: schemas.orderPageSchema, rate: "account" } as const;
      return read({ ...call, query }, access, signal);
    },
    getByReference: (access: Access, reference: string, segment: SegmentRaw, signal?: AbortSignal) => {
      const endpoint = "GET /v1/order/status/reference/{order_reference_id}";
      const path = `/v1/order/status/reference/${encodeURIComponent(reference)}`;
      const call = { endpoint, path, schema: schemas.referenceSchema, rate: "account" } as const;
      return read({ ...call, query: { segment } }, access, signal);
    },
    getTradePage: (
      access: Access,
      { orderId, segment, page }: { orderId: string; segment: SegmentRaw; page: number },
      signal?: AbortSignal,
    ) => {
      const path = `/v1/order/trades/${encodeURIComponent(orderId)}`;
      const query = { segment, page: String(page), page_size: String(TRADES_PER_PAGE) };
      const endpoint = "GET /v1/order/trades/{groww_order_id}";
      return read({ endpoint, path, query, schema: schemas.tradePageSchema, rate: "account" }, access, signal);
    },

    getQuote: (access: Access, query: Query, signal?: AbortSignal) =>
      read({ endpoint: "GET /v1/live-data/quote", schema: schemas.quoteSchema, rate: "live", query }, access, signal),
    getLtp: (access: Access, segment: SegmentRaw, names: readonly string[], signal?: AbortSignal) => {
      const query = { segment, exchange_symbols: names.join(",") };
      return read(
        { endpoint: "GET /v1/live-data/ltp", schema: schemas.ltpSchema, rate: "live", query },
        access,
        signal,
      );
    },
    getCandles: (access: Access, query: Query, signal?: AbortSignal) =>
      read(
        { endpoint: "GET /v1/historical/candles", schema: schemas.candlesSchema, rate: "candle", query },
        access,
        signal,
      ),

    postMargin: (access: Access, segment: SegmentRaw, body: readonly unknown[], signal?: AbortSignal) => {
      const call = {
        endpoint: "POST /v1/margins/detail/orders",
        schema: schemas.costSchema,
        rate: "account",
      } as const;
      return read({ ...call, query: { segment }, body }, access, signal);
    },

    postCreate: (access: Access, body: unknown, signal?: AbortSignal) =>
      order(
        { endpoint: "POST /v1/order/create", schema: schemas.placedSchema, body, purpose: "place" },
        access,
        signal,
      ),
    postModify: (access: Access, body: unknown, signal?: AbortSignal) =>
      order(
        { endpoint: "POST /v1/order/modify", schema: schemas.changedSchema, body, purpose: "change" },
        access,
        signal,
      ),
    postCancel: (access: Access, body: unknown, signal?: AbortSignal) =>
      order(
        { endpoint: "POST /v1/order/cancel", schema: schemas.changedSchema, body, purpose: "change" },
        access,
        signal,
      ),
  };
}
