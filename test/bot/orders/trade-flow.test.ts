import { type Api, Context, type InlineKeyboard } from "grammy";
import type { Update, UserFromGetMe } from "grammy/types";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cancel } from "../../../commands/cancel.ts";
import { changeWords } from "../../../conversations/modify-order.ts";
import { askToModify } from "../../../src/bot/orders/change-flow.ts";
import type { BotDeps } from "../../../src/bot/commands.ts";
import type { SaudaContext } from "../../../src/bot/context.ts";
import { askWhatToExit, exitInstrument } from "../../../src/bot/orders/exit-flow.ts";
import { Correction, Refusal } from "../../../src/bot/refusal.ts";
import { repeatTicket, showTicket } from "../../../src/bot/orders/order-flow.ts";
import { ticketCard } from "../../../src/bot/render/ticket-card.ts";
import { parseOrderText } from "../../../src/domain/order-text.ts";
import { brokerOrderId, tradingSymbol } from "../../../src/domain/ids.ts";
import { instrumentKey } from "../../../src/domain/instrument.ts";
import { istInstant } from "../../../src/domain/market.ts";
import { paiseFromRupees, price } from "../../../src/domain/money.ts";
import type { Order, OrderChange, Side } from "../../../src/domain/order.ts";
import type { TicketRequest, TicketView } from "../../../src/services/orders/tickets.ts";
import { fakeBroker, type FakeBroker } from "../../services/orders/fake-broker.ts";
import { ASHA, type Floor, openFloor, SBIN, sent, ticket } from "../../services/orders/floor.ts";
import { holding, holds } from "../../services/orders/rows.ts";

let broker: FakeBroker;
let floor: Floor;
beforeEach(async () => {
  broker = fakeBroker();
  floor = await openFloor({ brokers: [broker] });
});
afterEach(() => floor.close());

const depsOf = (at: Floor): BotDeps =>
  ({
    ...at,
    instruments: { byKey: async () => SBIN },
    portfolio: {
      positions: async () =>
        at.accounts.callEach(await at.accounts.active(ASHA), (connector, access) => connector.getPositions(access)),
      orders: async () =>
        at.accounts.callEach(await at.accounts.active(ASHA), (connector, access) => connector.getOrders(access)),
    },
  }) as unknown as BotDeps;

interface Chat {
  readonly ctx: SaudaContext;
  /** The current text of each message, by its id. */
  readonly messages: Map<number, string>;
}

/** A chat whose update is a tap on message 1, or a typed command. */
function chat(isTap: boolean): Chat {
  const messages = new Map<number, string>();
  const ctx = {
    user: { _id: ASHA, role: "trader", defaultLink: null, settings: { protectionBasisPoints: 100 } },
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
    await expect(askWhatToExit(depsOf(floor), chat(false).ctx, "SBIN")).rejects.toThrow(Refusal);
    await expect(exitInstrument(depsOf(floor), chat(true).ctx, SBIN.key)).rejects.toThrow(Refusal);
  });

  it("names an open position that is in no list of instruments, instead of saying that nothing is open", async () => {
    broker.positions = [holds(5, "BUY", { key: null, symbol: tradingSymbol("NSE:NEWCO-EQ") })];
    const refused = async (wanted: string): Promise<string> => {
      const refusal = await askWhatToExit(depsOf(floor), chat(false).ctx, wanted).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Refusal);
      return (refusal as Refusal).html.toString();
    };
    const unlisted = "Open, but in no list of instruments: NEWCO. Close these at the broker.";
    expect(await refused("")).toBe(unlisted);
    expect(await refused("newco")).toBe(unlisted);
    expect(await refused("infy")).toMatch(/^No open position is called “infy”.*\nOpen, but in no list/);
    broker.positions.push(holds(3, "BUY"));
    const { ctx, messages } = chat(false);
    await askWhatToExit(depsOf(floor), ctx, "");
    expect([...messages.values()].join()).toMatch(/Which position do you want to close\?\n.*NEWCO/);
  });

  it("says of a tapped position that is closed by now only that it is not open, because others may be", async () => {
    broker.positions = [holds(5, "BUY", { key: instrumentKey("NSE", 1594), symbol: tradingSymbol("NSE:INFY-EQ") })];
    const tapped = exitInstrument(depsOf(floor), chat(true).ctx, SBIN.key);
    const refusal = await tapped.catch((error: unknown) => error);
    expect((refusal as Refusal).html.toString()).toBe("That position is not open any more.");
  });

  it("sends a separate card for each product, also after a tap", async () => {
    broker.positions = [holds(5, "BUY"), holds(3, "BUY", { productType: "MARGIN" })];
    const { ctx, messages } = chat(true);
    await exitInstrument(depsOf(floor), ctx, SBIN.key);
    expect([...messages.values()].map((html) => /SELL \d+/.exec(html)?.[0])).toEqual(["SELL 5", "SELL 3"]);
    const cards = (await floor.journal.ofUser(ASHA, {})).map((intent) => intent.card?.messageId);
    expect(new Set(cards).size).toBe(2);
  });
});

describe("/exit at several accounts", () => {
  let fyers: FakeBroker;
  let wide: Floor;
  beforeEach(async () => {
    fyers = fakeBroker("fyers");
    wide = await openFloor({ brokers: [broker, fyers] });
    broker.positions = [holds(5, "BUY")];
    fyers.positions = [holds(3, "BUY")];
  });
  afterEach(() => wide.close());

  it("says which of them could not be read, also when there is a card", async () => {
    fyers.failsAt = "getPositions";
    const typed = chat(false);
    await askWhatToExit(depsOf(wide), typed.ctx, "SBIN");
    const tapped = chat(true);
    await exitInstrument(depsOf(wide), tapped.ctx, SBIN.key);
    for (const { messages } of [typed, tapped]) {
      const [card, note] = [...messages.values()];
      expect(card).toContain("SELL 5");
      expect(note).toContain("fyers is not answering properly");
    }
  });

  it("shows a long and a short position at two accounts as both, not as zero", async () => {
    fyers.positions = [holds(5, "SELL")];
    const { ctx } = chat(false);
    const labels: string[] = [];
    const reply = async (_: string, more: { reply_markup?: InlineKeyboard }) => {
      labels.push(...(more.reply_markup?.inline_keyboard.flat() ?? []).map(({ text }) => text));
      return { chat: { id: 1 }, message_id: 2 };
    };
    await askWhatToExit(depsOf(wide), Object.assign(ctx, { reply }), "");
    expect(labels).toEqual(["SBIN 5, −5"]);
  });

  it("offers a ticket for each account when one of them would block the others", async () => {
    broker.scripts.push("lose-answer");
    const parts = [{ link: wide.link, qty: 5 }];
    await sent(wide, await ticket(wide, { side: "SELL", productType: "INTRADAY", origin: "exit", parts }));
    const { ctx, messages } = chat(false);
    await askWhatToExit(depsOf(wide), ctx, "SBIN");
    const cards = [...messages.values()];
    expect(cards).toHaveLength(2);
    expect(cards.find((html) => html.includes("SELL 5"))).toContain("another order that closes it");
    expect(cards.find((html) => html.includes("SELL 3"))).toContain("Confirm within");
  });
});

describe("an exit with a typed quantity", () => {
  const words = parseOrderText("SBIN 6 @ 801 mis");
  const exit = async (): Promise<readonly string[]> => {
    if (!words.ok) throw new Error(words.problem);
    const { ctx, messages } = chat(false);
    await showTicket(depsOf(floor), ctx, { side: "SELL", instrument: SBIN, words: words.words, origin: "exit" });
    return [...messages.values()];
  };

  it("gets a card only when at least that much was read as open", async () => {
    broker.positions = [holds(6, "BUY")];
    expect(await exit()).toEqual([expect.stringContaining("SELL 6")]);
    broker.positions = [holds(5, "BUY")];
    await expect(exit()).rejects.toThrow(Refusal);
    broker.failsAt = "getPositions";
    await expect(exit()).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("Repeat", () => {
  it("is for the failed legs only, when other legs filled", async () => {
    const fyers = fakeBroker("fyers");
    const wide = await openFloor({ brokers: [broker, fyers] });
    fyers.scripts.push("not-sent");
    const parts = (await wide.accounts.active(ASHA)).map((link) => ({ link, qty: 10 }));
    const done = await sent(wide, await ticket(wide, { parts }));
    broker.set("zerodha-1", { status: "filled", filledQty: 10 });
    const { ctx, messages } = chat(true);
    wide.pass(1);
    await repeatTicket(depsOf(wide), ctx, await wide.watcher.look(done));
    expect([...messages.values()]).toHaveLength(1);
    const [again] = await wide.journal.ofUser(ASHA, { limit: 1, order: "desc" });
    expect(again?.legs.map(({ link, qty }) => [link, qty])).toEqual([[parts[1]?.link._id, 10]]);
    await wide.close();
  });
});

describe("a choice with more entries than a message has buttons for", () => {
  it("says how many positions are left out", async () => {
    broker.positions = Array.from({ length: 23 }, (_, at) =>
      holds(5, "BUY", { key: instrumentKey("NSE", 5_000 + at) }),
    );
    const { ctx, messages } = chat(false);
    await askWhatToExit(depsOf(floor), ctx, "");
    expect([...messages.values()].join()).toContain("… and 3 more");
  });

  it("says how many open orders are left out", async () => {
    const order = { symbol: SBIN.symbol, side: "BUY", qty: 5, status: "open" };
    broker.book.push(...Array.from({ length: 22 }, (_, at) => ({ ...order, orderId: `app-${at}` }) as Order));
    const sent: string[] = [];
    const message = { chat: { id: 1, type: "private" }, text: "/cancel", entities: [COMMAND] };
    const ctx = Object.assign(new Context({ update_id: 1, message } as Update, {} as Api, {} as UserFromGetMe), {
      user: { _id: ASHA },
      reply: async (html: string) => (sent.push(html), { chat: { id: 1 }, message_id: 2 }),
    });
    await cancel.register(depsOf(floor)).middleware()(ctx as unknown as SaudaContext, async () => undefined);
    expect(sent.join()).toContain("These are 20 of 22 open orders");
  });
});

const COMMAND = { type: "bot_command", offset: 0, length: 7 };

describe("the words for modifying an open order", () => {
  it("are a quantity, a price and a trigger, and no others, which a change would ignore", () => {
    expect(changeWords("20 @ 812")).toMatchObject({ quantity: { count: 20 }, price: 8_120_000 });
    expect(changeWords("sl 800")).toMatchObject({ triggerPrice: 8_000_000 });
    for (const more of ["20 mis", "@ 812 ioc", "20 on fyers", "20 amo", "₹812", "Rs 812"])
      expect(changeWords(more)).toBeNull();
  });
});

const orderLock = { state: async () => ({ kind: "none", isFrozen: false, needsCode: false }) };

/** The changes that are sent for what is typed about the first order. */
async function changesFor(typed: string, more: Partial<BotDeps> = {}): Promise<readonly OrderChange[]> {
  const asked: OrderChange[] = [];
  const modifyOrder = broker.connector.modifyOrder.bind(broker.connector);
  broker.connector.modifyOrder = async (access, order, change) => {
    asked.push(change);
    return modifyOrder(access, order, change);
  };
  const words = changeWords(typed);
  if (!words) throw new Error("not read");
  const ctx = Object.assign(chat(false).ctx, { api: { editMessageText: async () => true } });
  const deps = { ...depsOf(floor), orderLock, ...more } as unknown as BotDeps;
  await askToModify(deps, ctx, floor.link._id, brokerOrderId("zerodha-1"), words);
  return asked;
}

describe("modifying a limit order", () => {
  const instrument = { ...SBIN, lotSize: 75 };
  const instruments = { byKey: async () => instrument } as unknown as BotDeps["instruments"];
  const open = async (qty: number): Promise<void> => {
    const parts = [{ link: floor.link, qty }];
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(8_000_000), instrument, parts }));
    broker.set("zerodha-1", { status: "open" });
  };

  it.each<[string, OrderChange]>([
    ["2 lots", { qty: 150 }],
    ["225", { qty: 225 }],
    ["@ 812", { terms: { type: "LIMIT", price: price(8_120_000) } }],
    ["225 @ 812", { qty: 225, terms: { type: "LIMIT", price: price(8_120_000) } }],
  ])("“%s” changes only what it names, and lots to their units", async (typed, change) => {
    await open(75);
    expect(await changesFor(typed, { instruments })).toEqual([change]);
  });

  it("takes a number near its price for a quantity when it is nearer to that, or comes with a price", async () => {
    await open(825);
    expect(await changesFor("900", { instruments })).toEqual([{ qty: 900 }]);
    await expect(changesFor("750", { instruments })).rejects.toThrow(Correction);
    const terms = { type: "LIMIT", price: price(8_120_000) };
    expect(await changesFor("750 @ 812", { instruments })).toEqual([{ qty: 750, terms }]);
  });
});

describe("modifying an order whose instrument is in no list", () => {
  it("asks for units instead of taking lots for as many units", async () => {
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(8_000_000) }));
    broker.set("zerodha-1", { key: null, status: "open" });
    const modify = async (typed: string): Promise<unknown> => {
      const words = changeWords(typed);
      if (!words) throw new Error("not read");
      const ctx = Object.assign(chat(false).ctx, { api: { editMessageText: async () => true } });
      const deps = { ...depsOf(floor), orderLock } as unknown as BotDeps;
      return askToModify(deps, ctx, floor.link._id, brokerOrderId("zerodha-1"), words);
    };
    const refusal = await modify("2 lots").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Correction);
    expect((refusal as Correction).html.toString()).toContain("I do not know the lot size of this");
    expect(broker.calls).not.toContain("modifyOrder");
    await modify("2");
    expect(broker.calls).toContain("modifyOrder");
  });
});

describe("modifying a stop-market order without a limit", () => {
  it.each([
    ["SELL", "@ 998 sl 1000"],
    ["BUY", "@ 1002 sl 1000"],
  ] as const)("shows an example of a %s with its limit on the right side of the trigger", async (side, example) => {
    await sent(floor, await ticket(floor, { type: "LIMIT", price: price(8_000_000) }));
    broker.set("zerodha-1", { side, type: "SL-M", status: "trigger-pending", triggerPrice: price(7_900_000) });
    const words = changeWords("sl 795");
    if (!words) throw new Error("not read");
    const deps = { ...depsOf(floor), orderLock } as unknown as BotDeps;
    const asked = askToModify(deps, chat(false).ctx, floor.link._id, brokerOrderId("zerodha-1"), words);
    const refusal = await asked.catch((error: unknown) => error);
    expect((refusal as Correction).html.toString()).toContain(example);
  });
});

describe("modifying a stop order's trigger", () => {
  const stop = { side: "SELL", productType: "INTRADAY", triggerPrice: price(7_900_000) } as const;

  /** The change sent for "sl 795", at a broker that takes no stop without a limit. */
  async function moved(more: Partial<TicketRequest>): Promise<OrderChange | undefined> {
    const { intent } = await ticket(floor, { ...stop, ...more });
    await floor.watcher.look(await sent(floor, { intent }));
    broker.set("zerodha-1", { type: "SL", price: price(7_820_000), triggerPrice: stop.triggerPrice });
    return (await changesFor("sl 795"))[0];
  }

  it("moves the protection limit of a stop-market order along", async () => {
    expect(await moved({ type: "SL-M" })).toEqual({
      terms: { type: "SL", triggerPrice: 7_950_000, price: 7_870_000 },
    });
  });

  it("keeps a limit that the user has set", async () => {
    expect(await moved({ type: "SL", price: price(7_820_000) })).toEqual({
      terms: { type: "SL", triggerPrice: 7_950_000, price: 7_820_000 },
    });
  });
});

describe('"all"', () => {
  async function asked(side: Side, text: string): Promise<readonly (string | number)[]> {
    const parsed = parseOrderText(text);
    if (!parsed.ok) throw new Error(parsed.problem);
    await showTicket(depsOf(floor), chat(false).ctx, { side, instrument: SBIN, words: parsed.words, origin: "chat" });
    const [intent] = await floor.journal.ofUser(ASHA, { limit: 1, order: "desc" });
    return intent ? [intent.plan.productType, ...intent.legs.map((leg) => leg.qty)] : [];
  }

  it("is what is held in the order's product, so that it cannot open an opposite position", async () => {
    broker.holdings = [holding()];
    broker.positions = [holds(10, "BUY"), holds(2, "BUY", { productType: "CNC" })];
    expect(await asked("SELL", "SBIN all mis")).toEqual(["INTRADAY", 10]);
    floor.pass(1);
    expect(await asked("SELL", "SBIN all")).toEqual(["CNC", 52]);
  });

  it("counts a row without the exchange's token by its symbol", async () => {
    broker.positions = [holds(7, "BUY", { key: null })];
    expect(await asked("SELL", "SBIN all mis")).toEqual(["INTRADAY", 7]);
  });

  it("is for a buy what is short in the product, and never what was sold for delivery", async () => {
    broker.positions = [holds(4, "SELL"), holds(5, "SELL", { productType: "CNC" })];
    expect(await asked("BUY", "SBIN all mis")).toEqual(["INTRADAY", 4]);
    await expect(asked("BUY", "SBIN all")).rejects.toThrow(Refusal);
  });

  it("says which accounts have none, because another one may", async () => {
    const wide = await openFloor({ brokers: [broker, fakeBroker("fyers")] });
    const refused = async (side: Side, text: string): Promise<string> => {
      const parsed = parseOrderText(text);
      if (!parsed.ok) throw new Error(parsed.problem);
      const request = { side, instrument: SBIN, words: parsed.words, origin: "chat" } as const;
      const refusal = await showTicket(depsOf(wide), chat(false).ctx, request).catch((error: unknown) => error);
      return (refusal as Refusal).html.toString();
    };
    expect(await refused("SELL", "SBIN all")).toMatch(/^zerodha: there is no NSE:SBIN-EQ as CNC to sell\. .*“on”/);
    expect(await refused("SELL", "SBIN all on all")).toMatch(/^zerodha, fyers: there is no /);
    expect(await refused("BUY", "SBIN all mis on fyers")).toMatch(/^fyers: .* no NSE:SBIN-EQ as INTRADAY is short\./);
    await wide.close();
  });
});

describe("a ticket's card", () => {
  it.each([
    ["of its own time", istInstant("2026-11-23", "10:41"), "price of 10:41:00 IST"],
    ["without a time, which may be of an earlier day", null, "price asked 10:42:00 IST"],
  ])("has a price %s", async (_, at, said) => {
    broker.quote = { at };
    const view = await ticket(floor);
    const card = ticketCard(view, floor.accounts, istInstant("2026-11-23", "10:42")).html.toString();
    expect(card).toContain(said);
  });

  const shown = (view: TicketView, at = floor) => {
    const { html, keyboard } = ticketCard(view, at.accounts, floor.clock.now());
    const text = html.toString().replaceAll(/<[^>]+>/g, "");
    return { text, labels: keyboard?.inline_keyboard.flat().map((button) => button.text) };
  };

  it("says what a market order is worth and costs, its protection, the funds, and the holding before and after", async () => {
    broker.holdings = [holding({ qty: 50 })];
    const view = await ticket(floor);
    const cost = { margin: paiseFromRupees(8_012), charges: paiseFromRupees("9.50") };
    const costed = { ...view, accounts: view.accounts.map((account) => ({ ...account, cost })) };
    const { text, labels } = shown(costed);
    expect(text.split("\n").slice(0, 12)).toEqual([
      "BUY 10 SBIN",
      "NSE:SBIN-EQ · State Bank of India",
      "Account                    zerodha",
      "Order                       market",
      "Product                        CNC",
      "Last price                  800.00",
      "Protected at                808.00",
      "Value                    ₹8,000.00",
      "Margin                   ₹8,012.00",
      "Charges, about               ₹9.50",
      "Available             ₹1,00,000.00",
      "You hold                   50 → 60",
    ]);
    expect(text).toContain("Confirm within 120 s");
    expect(labels).toEqual(["Confirm buy", "Edit", "Cancel"]);
    expect(shown(view).text).not.toMatch(/Margin|Charges/);
  });

  it("names product, validity and session of an order, and the price that it asks", async () => {
    const limit = { type: "LIMIT", price: price(7_950_000), validity: "IOC", isAmo: true } as const;
    const { text, labels } = shown(await ticket(floor, { ...limit, side: "SELL", productType: "INTRADAY" }));
    expect(text).toMatch(/Order +limit 795\.00\nProduct\s+INTRADAY, after market, IOC\n/);
    expect(text).toMatch(/Value +₹7,950\.00\n/);
    expect(text).toMatch(/You hold +0 → −10\n/);
    expect(text).not.toContain("Protected");
    expect(labels?.[0]).toBe("Confirm sell");
  });

  it("offers no confirmation of what is blocked, but the next session if only this one is over", async () => {
    const closed = await openFloor({ brokers: [broker], phaseOf: () => "closed" });
    const { text, labels } = shown(await ticket(closed), closed);
    expect(text).toContain("Nothing can be sent like this. Edit it, or cancel.");
    expect(labels).toEqual(["As after-market order", "Edit", "Cancel"]);
    await closed.close();
    expect(shown(await ticket(floor, { productType: "MTF" })).labels).toEqual(["Edit", "Cancel"]);
  });

  it("has a line for each of several accounts, and the value of all", async () => {
    const wide = await openFloor({ brokers: [broker, fakeBroker("fyers")] });
    const parts = (await wide.accounts.active(ASHA)).map((link, at) => ({ link, qty: 10 + at }));
    const { text } = shown(await ticket(wide, { parts }), wide);
    expect(text).toMatch(/^BUY 21 SBIN\n/);
    expect(text).toMatch(/Account +2 accounts\n/);
    expect(text).toMatch(/Value +₹16,800\.00\n/);
    expect(text).toMatch(/\nzerodha × 10 +₹1,00,000\.00\nfyers × 11 +₹1,00,000\.00\n/);
    expect(text).not.toContain("You hold");
    await wide.close();
  });
});
