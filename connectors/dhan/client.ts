import { BrokerError } from "../../src/errors.ts";
import type { ReadRow } from "../../src/lib/rows.ts";
import type { Access } from "../base.ts";
import { NO_HOLDINGS } from "./errors.ts";
import {
  candlesSchema,
  consentSchema,
  fundsSchema,
  holdingsSchema,
  issuedTokenSchema,
  lastPricesSchema,
  marginSchema,
  orderOrListSchema,
  ordersSchema,
  positionsSchema,
  profileSchema,
  quotesSchema,
  renewedTokenSchema,
  tradesSchema,
  type HoldingRaw,
} from "./schemas.ts";
import type { AppKeys, Body, createTransport } from "./transport.ts";

export type DhanClient = ReturnType<typeof createClient>;

/** The raw client of DhanHQ v2: one method per endpoint, with Dhan's own types. Throws BrokerError. */
export function createClient({ read, write, login, renew, master, authUrl }: ReturnType<typeof createTransport>) {
  return {
    postGenerateConsent: (keys: AppKeys, signal?: AbortSignal) => {
      const query = `client_id=${encodeURIComponent(keys.clientId)}`;
      return login(
        keys,
        { endpoint: "POST /app/generate-consent", rate: "consent", query, schema: consentSchema },
        signal,
      );
    },
    consentLoginUrl: (consentAppId: string): string =>
      authUrl(`/login/consentApp-login?consentAppId=${encodeURIComponent(consentAppId)}`),

    /** The docs' curl and the official SDK use GET, the OpenAPI file POST: on a 405, the other one is tried. */
    async consumeConsent(keys: AppKeys, tokenId: string, signal?: AbortSignal) {
      const ask = { query: `tokenId=${encodeURIComponent(tokenId)}`, schema: issuedTokenSchema };
      try {
        return await login(keys, { endpoint: "GET /app/consumeApp-consent", ...ask }, signal);
      } catch (error) {
        if (!(error instanceof BrokerError) || error.status !== 405) throw error;
        return login(keys, { endpoint: "POST /app/consumeApp-consent", ...ask }, signal);
      }
    },

    getRenewToken: (access: Access, signal?: AbortSignal) =>
      renew(access, { endpoint: "GET /RenewToken", schema: renewedTokenSchema }, signal),

    getProfile: (access: Access, signal?: AbortSignal) =>
      read(access, { endpoint: "GET /profile", schema: profileSchema }, signal),
    getFundLimit: (access: Access, signal?: AbortSignal) =>
      read(access, { endpoint: "GET /fundlimit", schema: fundsSchema }, signal),

    /** Without holdings Dhan answers with an error: HTTP 500 and DH-1111. */
    async getHoldings(access: Access, signal?: AbortSignal): Promise<ReadRow<HoldingRaw>[]> {
      try {
        return await read(access, { endpoint: "GET /holdings", schema: holdingsSchema }, signal);
      } catch (error) {
        if (error instanceof BrokerError && error.brokerCode === NO_HOLDINGS) return [];
        throw error;
      }
    },

    getPositions: (access: Access, signal?: AbortSignal) =>
      read(access, { endpoint: "GET /positions", schema: positionsSchema }, signal),
    getOrders: (access: Access, signal?: AbortSignal) =>
      read(access, { endpoint: "GET /orders", schema: ordersSchema }, signal),
    getOrder: (access: Access, orderId: string, signal?: AbortSignal) => {
      const path = `/orders/${encodeURIComponent(orderId)}`;
      return read(access, { endpoint: "GET /orders/{order-id}", path, schema: orderOrListSchema }, signal);
    },
    getOrderByCorrelationId: (access: Access, tag: string, signal?: AbortSignal) => {
      const path = `/orders/external/${encodeURIComponent(tag)}`;
      return read(
        access,
        { endpoint: "GET /orders/external/{correlation-id}", path, schema: orderOrListSchema },
        signal,
      );
    },
    getTrades: (access: Access, signal?: AbortSignal) =>
      read(access, { endpoint: "GET /trades", schema: tradesSchema }, signal),

    postOrder: (access: Access, body: Body, signal?: AbortSignal) =>
      write(access, { endpoint: "POST /orders", body }, signal),
    putOrder: (access: Access, orderId: string, body: Body, signal?: AbortSignal) => {
      const path = `/orders/${encodeURIComponent(orderId)}`;
      return write(access, { endpoint: "PUT /orders/{order-id}", path, body }, signal);
    },
    deleteOrder: (access: Access, orderId: string, signal?: AbortSignal) => {
      const path = `/orders/${encodeURIComponent(orderId)}`;
      return write(access, { endpoint: "DELETE /orders/{order-id}", path }, signal);
    },

    postMarginCalculator: (access: Access, ticket: Body, signal?: AbortSignal) => {
      const body = { dhanClientId: access.session.accountId, ...ticket };
      return read(access, { endpoint: "POST /margincalculator", body, schema: marginSchema }, signal);
    },
    postMarketfeedLtp: (access: Access, body: Readonly<Record<string, readonly number[]>>, signal?: AbortSignal) =>
      read(access, { endpoint: "POST /marketfeed/ltp", rate: "quote", body, schema: lastPricesSchema }, signal),
    postMarketfeedQuote: (access: Access, body: Readonly<Record<string, readonly number[]>>, signal?: AbortSignal) =>
      read(access, { endpoint: "POST /marketfeed/quote", rate: "quote", body, schema: quotesSchema }, signal),
    postChartsHistorical: (access: Access, body: Body, signal?: AbortSignal) =>
      read(access, { endpoint: "POST /charts/historical", rate: "data", body, schema: candlesSchema }, signal),
    postChartsIntraday: (access: Access, body: Body, signal?: AbortSignal) =>
      read(access, { endpoint: "POST /charts/intraday", rate: "data", body, schema: candlesSchema }, signal),

    streamInstruments: master,
  };
}
