import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import type { Link } from "../../src/services/accounts/accounts.ts";
import type { Origin } from "../../src/services/orders/journal.ts";
import type { TicketRequest } from "../../src/services/orders/tickets.ts";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

const asha = userId(ASHA);

/** A purchase of ten shares at market, for today. */
const purchase = (link: Link): Omit<TicketRequest, "instrument"> => ({
  userId: asha,
  side: "BUY",
  type: "MARKET",
  price: null,
  triggerPrice: null,
  productType: "INTRADAY",
  validity: "DAY",
  isAmo: false,
  parts: [{ link, qty: 10 }],
  origin: "chat",
  protectionBasisPoints: 100,
});

describe("who may trade in the running bot", () => {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld();
  });
  beforeEach(() => world.settle());
  afterAll(() => world.close());

  /** The Confirm id of such a purchase of SBIN. */
  async function ticket(origin: Origin = "chat", limit: number | null = null): Promise<string> {
    const [link] = await world.deps.accounts.active(asha);
    const found = await world.deps.instruments.resolve("NSE:SBIN-EQ");
    if (!link || found.kind !== "one") throw new Error("no account or no share");
    const view = await world.deps.tickets.make({
      ...purchase(link),
      instrument: found.instrument,
      type: limit === null ? "MARKET" : "LIMIT",
      price: limit === null ? null : priceFromRupees(limit),
      origin,
    });
    return view.intent.confirmId;
  }
  async function confirm(confirmId: string): Promise<string> {
    const result = await world.deps.desk.confirm(asha, confirmId);
    if (result.kind === "confirmed") await result.sent;
    return result.kind;
  }

  it("does not include a user who has frozen trading, but their panic closes positions all the same", async () => {
    expect(await confirm(await ticket())).toBe("confirmed");
    await world.deps.orderLock.freeze(asha, { date: 0, id: 1 });
    for (const origin of ["chat", "exit", "strategy", "alert"] as const)
      expect(await confirm(await ticket(origin)), origin).toBe("not-allowed");
    const { exits } = await world.deps.panic.run(asha, "panic1", true);
    expect(exits.map(({ kind, position }) => [kind, position.qty])).toEqual([["ordered", 10]]);
  });

  it("does not include a user who has frozen trading for a change of an open order, but for its cancellation", async () => {
    expect(await confirm(await ticket("chat", 1_050))).toBe("confirmed");
    await world.deps.orderLock.freeze(asha, { date: 0, id: 1 });
    const [link] = await world.deps.accounts.active(asha);
    const [part] = await world.deps.portfolio.orders(asha);
    const open = part?.ok ? part.value.find(({ status }) => status === "open") : undefined;
    if (!link || !open) throw new Error("no open order");
    const { changes } = world.deps;
    expect(await changes.askBooked(asha, link, open.orderId, { qty: 5 })).toMatchObject({
      kind: "ours",
      result: { kind: "blocked", findings: [{ code: "not-allowed" }] },
    });
    expect(await changes.askBooked(asha, link, open.orderId, "cancel")).toMatchObject({
      kind: "ours",
      result: { kind: "asked", outcome: { kind: "accepted" } },
    });
  });

  it("does not include a user whom the owner has made a viewer since the card was shown", async () => {
    const confirmId = await ticket();
    await world.deps.users.update(asha, () => ({ role: "viewer" }));
    expect(await confirm(confirmId)).toBe("not-allowed");
  });
});

describe("the market hours of the running bot", () => {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld({ isAlwaysOpen: false });
    await world.settle();
  });
  afterAll(() => world.close());

  async function codesOf(symbol: string): Promise<string[]> {
    const [link] = await world.deps.accounts.active(asha);
    const found = await world.deps.instruments.resolve(symbol);
    if (!link || found.kind !== "one") throw new Error(`no account, or no ${symbol}`);
    const { findings } = await world.deps.tickets.make({ ...purchase(link), instrument: found.instrument });
    return findings.map(({ code }) => code).filter((code) => /auction|closed/.test(code));
  }

  it("end with the closing auction for a share with futures, and without it for another one", async () => {
    expect([await codesOf("NSE:RELIANCE-EQ"), await codesOf("NSE:ITC-EQ")]).toEqual([[], []]);
    world.pass(istInstant("2026-11-23", "15:22") - istInstant("2026-11-23", "10:42"));
    expect([await codesOf("NSE:RELIANCE-EQ"), await codesOf("NSE:ITC-EQ")]).toEqual([["auction-rules"], []]);
    world.pass(10 * 60_000);
    expect([await codesOf("NSE:RELIANCE-EQ"), await codesOf("NSE:ITC-EQ")]).toEqual([["auction-rules"], ["closed"]]);
  });
});
