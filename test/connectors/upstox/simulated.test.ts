import { afterEach, describe, expect, it } from "vitest";
import { upstox } from "../../../connectors/upstox/index.ts";
import { simulatedUpstox } from "../../../playground/brokers/upstox.ts";
import { holdingRow } from "../../../playground/brokers/upstox/portfolio.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { priceFromRupees } from "../../../src/domain/money.ts";
import { logIn, openRig, grantOf, type Rig } from "../../conformance/rig.ts";
import { priceAway, fromBook, listed, share, ticket } from "../../conformance/tickets.ts";

let rig: Rig;
afterEach(() => rig.close());

async function startAt(now: number) {
  rig = await openRig({ definition: upstox, simulate: simulatedUpstox }, { now });
  return logIn(rig);
}

describe("the simulated Upstox servers", () => {
  it("end a session at 03:30, whenever it began, with an error code in both spellings of its field", async () => {
    const access = await startAt(istInstant("2026-11-20", "02:30"));
    const withLaterExpiry = { ...access, session: { ...access.session, expiresAt: istInstant("2026-11-21") } };
    rig.controls.now = istInstant("2026-11-20", "03:29");
    expect(await rig.connector.isTokenValid(withLaterExpiry)).toBe(true);
    rig.controls.now = istInstant("2026-11-20", "03:30");
    expect(await rig.connector.isTokenValid(withLaterExpiry)).toBe(false);
    const headers = { authorization: `Bearer ${access.session.accessToken.reveal()}` };
    const reply = await fetch(`${rig.server.base("upstox")}/api/v2/user/profile`, { headers });
    expect(reply.status).toBe(401);
    expect(await reply.json()).toMatchObject({
      status: "error",
      errors: [{ errorCode: "UDAPI100050", error_code: "UDAPI100050" }],
    });
  });

  it("close funds and orders at night, without ending the session or placing an order", async () => {
    const access = await startAt(istInstant("2026-11-20", "04:00"));
    const { connector } = rig;
    await expect(connector.getFunds(access)).rejects.toMatchObject({ kind: "unavailable", status: 423 });
    await expect(connector.getOrders(access)).rejects.toMatchObject({ kind: "unavailable", status: 423 });
    expect(await connector.isTokenValid(access)).toBe(true);
    expect(await connector.placeOrder(access, ticket(rig, share(rig)))).toMatchObject({ kind: "rejected" });
    expect(rig.account.orders()).toEqual([]);
  });

  it("do not accept a login code again after a failed exchange", async () => {
    await startAt(istInstant("2026-11-20", "11:00"));
    const { grant } = await grantOf(rig);
    const elsewhere = { ...grant, redirectUrl: "https://elsewhere.example/cb" };
    await expect(rig.connector.generateSession(elsewhere)).rejects.toMatchObject({ kind: "auth-invalid" });
    await expect(rig.connector.generateSession(grant)).rejects.toMatchObject({ brokerCode: "UDAPI100057" });
  });

  it("decide by the clock, not by the order's flag, whether an order is after-market", async () => {
    const access = await startAt(istInstant("2026-11-20", "20:30"));
    expect(await rig.connector.placeOrder(access, ticket(rig, share(rig)))).toMatchObject({
      kind: "accepted",
    });
    const waiting = await fromBook(rig, access, "intent0001");
    expect(waiting).toMatchObject({ isAmo: true, status: "pending", filledQty: 0 });
    await rig.connector.cancelOrder(access, waiting);
    const headers = { authorization: `Bearer ${access.session.accessToken.reveal()}` };
    const book = await fetch(`${rig.server.base("upstox")}/api/v2/order/retrieve-all`, { headers });
    expect(await book.json()).toMatchObject({
      data: [{ status: "cancelled after market order", exchange_order_id: "" }],
    });
  });

  it("accept an order that the exchange rejects, and show the rejection in the order book", async () => {
    const access = await startAt(istInstant("2026-11-20", "11:00"));
    const terms = { type: "LIMIT", price: priceAway(rig, share(rig), 3_000) } as const;
    const outcome = await rig.connector.placeOrder(access, ticket(rig, share(rig), { terms }));
    expect(outcome).toMatchObject({ kind: "accepted" });
    const order = await fromBook(rig, access, "intent0001");
    expect(order).toMatchObject({
      status: "rejected",
      key: "NSE:3045",
      message: expect.stringMatching(/circuit/) as string,
    });
    expect(rig.account.orders()).toEqual([]);
  });

  it("have a unique key for each instrument, by which the master finds it", async () => {
    await startAt(istInstant("2026-11-20", "11:00"));
    for (const { instrument, venueSymbol } of rig.rows)
      expect(rig.table.byVenueSymbol(instrument.segment, venueSymbol)?.instrument.key).toBe(instrument.key);
    expect(rig.table.byKey(listed(rig, "NSE:SBIN-EQ").key)?.venueSymbol).toBe("NSE_EQ|INE062A01020");
  });

  it("count pledged shares once: as collateral, not as used by sales", async () => {
    await startAt(istInstant("2026-11-20", "11:00"));
    const { instrument } = rig.table.byKey(share(rig).key) ?? expect.fail("not listed");
    const listing = {
      instrument,
      key: "NSE_EQ|INE062A01020",
      segment: "NSE_EQ",
      exchange: "NSE",
      token: "3045",
    } as const;
    const price = priceFromRupees(812.35);
    const held = { symbol: instrument.symbol, key: instrument.key, isin: "INE062A01020", productType: "CNC" } as const;
    const qty = { qty: 30, t1Qty: 5, sellableQty: 21, pledgedQty: 4 };
    const worth = { avgPrice: price, ltp: price, prevClose: price, pnl: null };
    const row = holdingRow({ ...held, ...qty, ...worth }, 0, { ...listing, symbol: "SBIN" });
    expect(row).toMatchObject({ quantity: 30, cnc_used_quantity: 0, collateral_quantity: 4, t1_quantity: 5 });
  });

  it("refuse a market order without valid protection", async () => {
    const access = await startAt(istInstant("2026-11-20", "11:00"));
    const body = {
      quantity: 1,
      product: "D",
      validity: "DAY",
      price: 0,
      order_type: "MARKET",
      transaction_type: "BUY",
    };
    const more = { disclosed_quantity: 0, trigger_price: 0, is_amo: false, instrument_token: "NSE_EQ|INE062A01020" };
    const post = async (protection: object) => {
      const reply = await fetch(`${rig.server.base("upstox")}/hft/v3/order/place`, {
        method: "POST",
        headers: { authorization: `Bearer ${access.session.accessToken.reveal()}` },
        body: JSON.stringify({ ...body, ...more, ...protection }),
      });
      return [reply.status, JSON.stringify(await reply.json())] as const;
    };
    expect(await post({})).toEqual([400, expect.stringContaining("UDAPI1158")]);
    expect(await post({ market_protection: 26 })).toEqual([400, expect.stringContaining("UDAPI1159")]);
    expect(await post({ market_protection: 2 })).toEqual([200, expect.stringContaining("order_ids")]);
  });
});
