import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BotDeps } from "../../src/bot/commands.ts";
import type { SaudaContext } from "../../src/bot/context.ts";
import { askWhatToExit, exitInstrument } from "../../src/bot/exit-flow.ts";
import { Refusal } from "../../src/bot/refusal.ts";
import { showTicket } from "../../src/bot/order-flow.ts";
import { parseOrderText } from "../../src/domain/order-text.ts";
import type { Side } from "../../src/domain/order.ts";
import { price, ZERO_PAISE } from "../../src/domain/money.ts";
import type { Holding, Position } from "../../src/domain/portfolio.ts";
import { fakeBroker, type FakeBroker } from "../services/orders/fake-broker.ts";
import { ASHA, type Floor, openFloor, SBIN } from "../services/orders/floor.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

const holds = (qty: number, side: "BUY" | "SELL", more: Partial<Position> = {}): Position => ({
  symbol: SBIN.symbol,
  key: SBIN.key,
  segment: "NSE",
  productType: "INTRADAY",
  qty,
  side,
  avgPrice: price(8_000_000),
  ltp: null,
  pnl: ZERO_PAISE,
  realised: ZERO_PAISE,
  unrealised: ZERO_PAISE,
  dayPnl: null,
  buyQty: 0,
  buyValue: ZERO_PAISE,
  sellQty: 0,
  sellValue: ZERO_PAISE,
  multiplier: 1,
  ...more,
});

const SHARES: Holding = {
  symbol: SBIN.symbol,
  key: SBIN.key,
  isin: null,
  productType: "CNC",
  qty: 50,
  t1Qty: 0,
  sellableQty: 50,
  pledgedQty: 0,
  avgPrice: price(7_000_000),
  ltp: null,
  prevClose: null,
  pnl: null,
};

const depsOver = (at: Floor): BotDeps =>
  ({
    ...at,
    instruments: { byKey: async () => SBIN },
    portfolio: {
      positions: async () =>
        at.accounts.callEach(await at.accounts.active(ASHA), (connector, access) => connector.getPositions(access)),
    },
  }) as unknown as BotDeps;

interface Chat {
  readonly ctx: SaudaContext;
  /** Texts by message id, as they stand. */
  readonly messages: Map<number, string>;
}

/** A chat in which message 1 has just been tapped, or a command typed. */
function chat(isTap: boolean): Chat {
  const messages = new Map<number, string>();
  const ctx = {
    user: { _id: ASHA, defaultLink: null, settings: { protectionBasisPoints: 100 } },
    ...(isTap ? { callbackQuery: { message: { text: "Which?", chat: { id: 1 }, message_id: 1 } } } : {}),
    editMessageText: async (html: string) => messages.set(1, html),
    reply: async (html: string) => {
      const id = messages.size + 2;
      messages.set(id, html);
      return { chat: { id: 1 }, message_id: id };
    },
  };
  return { ctx: ctx as unknown as SaudaContext, messages };
}

describe("/exit", () => {
  it("does not buy back shares that were sold for delivery", async () => {
    broker.positions = [holds(5, "SELL", { productType: "CNC" })];
    await expect(askWhatToExit(depsOver(floor), chat(false).ctx, "SBIN")).rejects.toThrow(Refusal);
    await expect(exitInstrument(depsOver(floor), chat(true).ctx, SBIN.key)).rejects.toThrow(Refusal);
  });

  it("shows a card of its own for each product, also after a tap", async () => {
    broker.positions = [holds(5, "BUY"), holds(3, "BUY", { productType: "MARGIN" })];
    const { ctx, messages } = chat(true);
    await exitInstrument(depsOver(floor), ctx, SBIN.key);
    expect([...messages.values()].map((html) => /SELL \d+/.exec(html)?.[0])).toEqual(["SELL 5", "SELL 3"]);
    const cards = (await floor.journal.ofUser(ASHA, {})).map((intent) => intent.card?.messageId);
    expect(new Set(cards).size).toBe(2);
  });
});

describe('"all"', () => {
  async function asked(side: Side, text: string): Promise<readonly (string | number)[]> {
    const parsed = parseOrderText(text);
    if (!parsed.ok) throw new Error(parsed.problem);
    await showTicket(depsOver(floor), chat(false).ctx, { side, instrument: SBIN, words: parsed.words, origin: "chat" });
    const [intent] = await floor.journal.ofUser(ASHA, { limit: 1, order: "desc" });
    return intent ? [intent.plan.productType, ...intent.legs.map((leg) => leg.qty)] : [];
  }

  it("is what is held in the product of the order, so that none of it opens a position the other way", async () => {
    broker.holdings = [SHARES];
    broker.positions = [holds(10, "BUY"), holds(2, "BUY", { productType: "CNC" })];
    expect(await asked("SELL", "SBIN all mis")).toEqual(["INTRADAY", 10]);
    floor.pass(1);
    expect(await asked("SELL", "SBIN all")).toEqual(["CNC", 52]);
  });

  it("is what is short in it, for a buy, and never what was sold for delivery", async () => {
    broker.positions = [holds(4, "SELL"), holds(5, "SELL", { productType: "CNC" })];
    expect(await asked("BUY", "SBIN all mis")).toEqual(["INTRADAY", 4]);
    await expect(asked("BUY", "SBIN all")).rejects.toThrow(Refusal);
  });
});
