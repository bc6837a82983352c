import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Message } from "../../playground/telegram/types.ts";
import { istDate } from "../../src/domain/market.ts";
import { startTestSauda, type TestSauda } from "../e2e/sauda.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("orders in the chat", () => {
  const world = useWorld();
  // A second account beside the one that everybody has.
  beforeEach(() => ask("/link paper"));
  afterEach(() => {
    const { rejectedCalls } = world().telegram;
    if (rejectedCalls.length > 0) throw new Error(`invalid Bot API calls: ${JSON.stringify(rejectedCalls)}`);
  });

  const chat = () => world().telegram.chat(ASHA);
  async function ask(typed: string): Promise<Message> {
    const { message_id: asked } = chat().send(typed);
    await world().handleAll();
    return chat().until(() =>
      chat()
        .messages()
        .find(({ from, message_id }) => from.is_bot && message_id > asked),
    );
  }
  async function tap(label: string): Promise<void> {
    chat().tapButton(label);
    await world().handleAll();
  }
  const newest = (is: (text: string) => boolean) =>
    chat().until(() =>
      chat()
        .messages()
        .findLast((message) => is(message.text ?? "")),
    );
  const edited = (id: number, part: string) =>
    chat().until(
      () =>
        chat()
          .messages()
          .find((message) => message.message_id === id && message.text?.includes(part)),
      15_000,
    );

  /** A limit below the market but within the day's circuit limits. */
  async function restingPrice(): Promise<number> {
    const { text = "" } = await ask("/quote SBIN");
    const last = /₹([\d,.]+)/.exec(text)?.[1]?.replaceAll(",", "") ?? "";
    return Math.floor(Number(last) * 0.96);
  }

  /** Buys 4 SBIN at one account and 6 at the other, intraday. */
  async function buySbin(): Promise<void> {
    const card = await ask("/buy SBIN on paper:4,paper2:6 mis");
    await tap("Confirm buy");
    await edited(card.message_id, "Filled 6");
  }

  /** Closes all of that; returns the exit's card as it was before Confirm. */
  async function exitSbin(): Promise<string> {
    const { message_id: id, text = "" } = await ask("/exit sbin");
    await tap("Confirm sell");
    await edited(id, "Filled 6");
    return text;
  }

  it("go to several accounts, each with its own quantity, from one card with one tap", async () => {
    const card = await ask("/buy SBIN on paper:4,paper2:6 mis");
    expect(card.text).toContain("BUY 10 SBIN");
    // The column needs its title: the available cash would otherwise read as the value of that account's order.
    expect(card.text).toMatch(/Account × quantity +Available\npaper × 4 +₹[\d,.]+\npaper2 × 6 +₹/);
    await tap("Confirm buy");
    const done = await edited(card.message_id, "Filled 6");
    expect(done.text).toMatch(/paper × 4: Filled 4 at ₹[\d,.]+\./);
    expect(done.text).toMatch(/paper2 × 6: Filled 6 at ₹[\d,.]+\./);
  });

  it("keep their quantity and price while the instrument is picked", async () => {
    await ask("/buy banknifty fut 1 lot");
    const button = chat()
      .lastFromBot()
      ?.reply_markup?.inline_keyboard.flat()
      .find(({ text }) => text.startsWith("BANKNIFTY FUT"));
    await tap(button?.text ?? "no choice");
    const card = await newest((text) => text.includes("BUY") && text.includes("BANKNIFTY"));
    expect(card.text).toMatch(/BUY \d+ BANKNIFTY\d\d\w{3}FUT/);
    await tap("Cancel");
  });

  it("keep their account, product and validity when they are edited", async () => {
    const price = await restingPrice();
    const card = await ask("/buy SBIN 4 ioc on paper2 mis");
    await tap("Edit");
    await newest((text) => text.includes("how many?"));
    await edited(card.message_id, "Nothing was sent");
    await ask(`3 @ ${price}`);
    const again = await newest((text) => text.includes("BUY 3 SBIN"));
    expect(again.text).toMatch(/Account +paper2/);
    expect(again.text).toMatch(/Product +INTRADAY, IOC/);
    await tap("Cancel");
  });

  it("keep the account, product and validity that were typed before the quantity", async () => {
    await ask("/buy SBIN ioc on paper2 mis");
    const card = await ask("7 @ 900");
    expect(card.text).toContain("BUY 7 SBIN");
    expect(card.text).toMatch(/Account +paper2/);
    expect(card.text).toMatch(/Product +INTRADAY, IOC/);
    await ask("/buy SBIN amo");
    expect((await ask("7 @ 900")).text).toMatch(/Product +CNC, after market/);
  });

  it("take the other words that are typed with the price", async () => {
    const price = await restingPrice();
    await ask("/buy SBIN");
    await ask("2");
    await newest((text) => text.includes("At which price?"));
    await ask(`@ ${price} mis on paper2`);
    const card = await newest((text) => text.includes("BUY 2 SBIN"));
    expect(card.text).toMatch(/Account +paper2/);
    expect(card.text).toMatch(/Product +INTRADAY/);
    await tap("Cancel");
  });

  it("stay an exit when an exit is edited, so that it cannot close more than is open", async () => {
    await buySbin();
    await ask("/exit sbin");
    await tap("Edit");
    await newest((text) => text.startsWith("SELL NSE:SBIN-EQ"));
    const { text = "", reply_markup } = await ask("5 @ 1100");
    expect(text).toContain("paper: only 4 of it is open now");
    expect(reply_markup).toBeUndefined();
  });

  it("are closed in part by an edited exit, as /exit says where a quantity follows the name", async () => {
    await buySbin();
    expect((await ask("/exit sbin 5")).text).toBe(
      "/exit closes the whole position. For a part of it send /exit sbin and tap Edit on the card.",
    );
    expect((await ask("/exit infy 5")).text).toContain("No open position is called “infy 5”.");
  });

  it("close a position at every account that has it, with /exit", async () => {
    await buySbin();
    const card = await exitSbin();
    expect(card).toContain("SELL 10 SBIN");
    expect(card).toContain("INTRADAY");
    expect((await ask("/exit sbin")).text).toContain("No open position");
  });

  it("close no more than is open when an exit is repeated", async () => {
    await buySbin();
    await exitSbin();
    await tap("Repeat");
    const again = await newest((text) => text.includes("none of it is open now"));
    expect(JSON.stringify(again.reply_markup)).not.toContain("Confirm");
  });

  it("stay open at their limit, and can be cancelled from their card", async () => {
    const card = await ask(`/buy SBIN 5 @ ${await restingPrice()} on paper`);
    await tap("Confirm buy");
    await edited(card.message_id, "Open at the broker");
    await tap("Cancel");
    expect((await edited(card.message_id, "Cancelled")).text).toContain("Cancelled, nothing was filled.");
  });

  it("can be modified after a first try with a price between two ticks", async () => {
    const price = await restingPrice();
    const card = await ask(`/buy SBIN 5 @ ${price} on paper`);
    await tap("Confirm buy");
    await edited(card.message_id, "Open at the broker");
    await tap("Modify");
    await newest((text) => text.includes("What should it become?"));
    expect((await ask(`@ ${price}.03`)).text).toContain("must be a multiple of");
    expect((await ask("a rupee more")).text).toContain("A quantity, a price or both");
    await ask(`@ ${price + 1}`);
    const changed = await newest((text) => text.includes(`limit ${(price + 1).toLocaleString("en-IN")}.00`));
    expect(changed.text).toContain("A change was asked for, and the broker accepted it.");
    await tap("Cancel");
    await edited(changed.message_id, "Cancelled");
    await tap("Repeat");
    const again = await newest((text) => text.includes("BUY 5 SBIN") && text.includes("Confirm within"));
    expect(again.text).toContain(`limit ${(price + 1).toLocaleString("en-IN")}.00`);
    await tap("Cancel");
    await edited(again.message_id, "Nothing was sent");
  });

  it("explain “all” when nothing is short to buy back, or held to sell", async () => {
    expect((await ask("/buy RELIANCE all on paper")).text).toContain("buys back what was sold short");
    expect((await ask("/sell RELIANCE all on paper")).text).toBe(
      "paper: there is no NSE:RELIANCE-EQ as CNC to sell. /holdings and /positions show whether another account has it: then add “on” and its name.",
    );
  });

  it("close an option's position by the words that bought it", async () => {
    const [first, other] = (await ask("/search nifty ce")).reply_markup?.inline_keyboard.flat() ?? [];
    const words = /^NIFTY (\d+) CE · (\d+ \w+)/.exec(first?.text ?? "");
    const card = await ask(`/buy nifty ${words?.[1]} ce ${words?.[2]} 1 lot on paper`);
    expect(card.text).toContain("Confirm within");
    await tap("Confirm buy");
    await edited(card.message_id, "Filled");
    const strike = /^NIFTY (\d+) CE/.exec(other?.text ?? "")?.[1];
    expect((await ask(`/exit nifty ${strike}`)).text).toBe(
      `No position at the strike ${strike} is open. /exit nifty shows what is.`,
    );
    expect((await ask("/exit nifty ,")).text).toContain("No open position is called “nifty ,”.");
    expect((await ask("/exit nifty 65")).text).toContain("/exit closes the whole position.");
    const exit = await ask(`/exit nifty ${words?.[1]} ce`);
    expect(exit.text).toMatch(/^SELL \d+ NIFTY/);
    await tap("Confirm sell");
    await edited(exit.message_id, "Filled");
    expect((await ask(`/exit nifty ${words?.[1]} pe`)).text).toContain("No open position");
  });

  it("are blocked by the user's own limits, which can be loosened only from the next day", async () => {
    expect((await ask("/limits value 2000")).text).toContain("₹2,000.00");
    const card = await ask("/buy SBIN 10");
    expect(card.text).toContain("Above your own limit of ₹2,000.00");
    expect(JSON.stringify(card.reply_markup)).not.toContain("Confirm");
    expect((await ask("/limits value off")).text).toMatch(/₹2,000\.00, from \d+ \w+ \d+: no limit/);
    expect((await ask("/limits move 0.2")).text).toContain("a market order asks again: 0.2%");
    expect((await ask("/limits nonsense")).text).toContain("/limits orders 10");
    expect((await ask("/limits value 10,50")).text).toContain("/limits orders 10");
  });

  it("are exported with every step", async () => {
    await buySbin();
    const month = istDate(world().deps.clock.now()).slice(0, 7);
    await ask(`/export orders ${month}`);
    const sent = await chat().until(() =>
      chat()
        .messages()
        .find((message) => message.document !== undefined),
    );
    expect(sent.document?.file_name).toBe(`orders-${month}.csv`);
    expect(sent.caption).toMatch(/^[1-9]\d* orders of [\d-]+, with every step\.$/);
    expect((await ask("/export orders 1999-01")).text).toContain("You confirmed no order");
  });
});

describe("orders and positions in the running bot, which handles two taps at once,", () => {
  let running: TestSauda;
  beforeEach(async () => {
    running = await startTestSauda();
    await chat().ask("/start");
    await chat().ask("/link paper");
  });
  afterEach(() => running.stop());

  const chat = () => running.playground.chat(ASHA);
  const edited = ({ message_id: id }: Message, part: string) =>
    chat().until(() =>
      chat()
        .messages()
        .find((message) => message.message_id === id && message.text?.includes(part)),
    );

  it("are closed by a panic, whose button works once and whose report is read from the broker", async () => {
    const { text = "" } = await chat().ask("/quote SBIN");
    const last = Number(/₹([\d,.]+)/.exec(text)?.[1]?.replaceAll(",", ""));
    const resting = await chat().ask(`/buy SBIN 1 @ ${Math.floor(last * 0.96)} on paper`);
    chat().tapButton("Confirm buy");
    await edited(resting, "Open at the broker");
    const question = await chat().ask("/panic");
    expect(question.text).toContain("paper: 1 open order, 0 positions");
    const data = buttonData(question, "Cancel all, exit all positions");
    chat().tap(question.message_id, data);
    chat().tap(question.message_id, data);
    const report = await edited(question, "what became of it");
    expect(report.text).toContain("BUY 1 SBIN paper: cancelled");
    expect(report.text).toContain("paper: 0 open orders, 0 positions");
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});

interface Button {
  readonly text: string;
  readonly callback_data?: string;
}

function buttonData(message: { readonly reply_markup?: unknown }, label: string): string {
  const markup = message.reply_markup as { readonly inline_keyboard?: readonly (readonly Button[])[] };
  const found = markup.inline_keyboard?.flat().find((button) => button.text === label);
  if (!found?.callback_data) throw new Error(`no button ${label}`);
  return found.callback_data;
}
