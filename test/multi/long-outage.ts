import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../../playground/telegram/types.ts";
import { instrumentKey } from "../../src/domain/instrument.ts";
import { walkLogin } from "../conformance/browser.ts";
import { startMongo, type MongoServer } from "../mongo-server/mongo-server.ts";
import { startFleet, type Fleet } from "./fleet.ts";

const [ASHA, VIKRAM, MEERA] = [1001, 1002, 1003];
const WAIT_MS = 60_000;
const CARDS = 8;
const RESTING = 3;
/** Refusals that a repeated update causes: its card is unchanged, its tap was answered before. */
const CAUSED_BY_REPEAT = /not modified|query is too old/;
const SBIN = instrumentKey("NSE", 3045);
const PRICE_SCALE = 10_000;
/** In percent of the last price: the limit of a buy that fills at once, and of a sale that rests. */
const ABOVE = 104;
const FAR_ABOVE = 107;
/** Longer than Telegram's deliveries and the outbox pause after an outage. */
const RECOVERY_MS = 90_000;

export interface LongOutage {
  readonly forMs: number;
  readonly begin: (fleet: Fleet, mongo: MongoServer) => Promise<void> | void;
  readonly end: (fleet: Fleet, mongo: MongoServer) => Promise<void> | void;
  /** What /readyz says meanwhile. */
  readonly readiness: { readonly store: boolean; readonly telegram: boolean };
  /** How many of the cards fill at least: a tap that arrives after its ticket has lapsed confirms nothing. */
  readonly filledAtLeast: number;
}

/** One long outage under load, on two processes. Each outage has a test file of its own, so that they run in parallel. */
export async function longOutage(
  lasting: string,
  { forMs, begin, end, readiness, filledAtLeast }: LongOutage,
): Promise<void> {
  const started = await startMongo();
  const mongo = "skipped" in started || !started.isOurs ? null : started;
  afterAll(async () => {
    if (!("skipped" in started)) await started.stop();
  });

  describe.skipIf(mongo === null)(`two processes under load, with ${lasting}`, () => {
    let fleet: Fleet;
    const quiet = new AbortController();
    let sentWords = 0;
    let load: Promise<void>;
    const resting = new Map<number, string>();

    const asha = () => fleet.chat(ASHA);
    const fromBot = (): Message[] =>
      asha()
        .messages()
        .filter((message) => message.from.is_bot);
    const messagesWith = (...parts: string[]): Message[] =>
      fromBot().filter((message) => parts.every((part) => message.text?.includes(part)));
    const seen = (...parts: string[]): Promise<Message> => asha().until(() => messagesWith(...parts)[0], WAIT_MS);
    const broker = () => fleet.world.exchange.account("demo-zerodha");
    const filled = (): number[] =>
      broker()
        .orders()
        .filter(({ side, status }) => side === "BUY" && status === "filled")
        .map(({ qty }) => qty)
        .sort((a, b) => a - b);

    beforeAll(async () => {
      if (!mongo) throw new Error("no server");
      fleet = await startFleet(mongo, 2);
      await asha().ask("/start", WAIT_MS);
      await asha().ask("/link zerodha", WAIT_MS);
      for (const { value } of fleet.world.lab.state().brokers.find(({ name }) => name === "zerodha")?.credentials ??
        []) {
        await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "), WAIT_MS);
        await asha().ask(value, WAIT_MS);
      }
      const login = await seen("Now log in at");
      const url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
      await fetch(await walkLogin(url, `${fleet.proxy.url}/oauth/zerodha/callback`));
      await seen("is linked.");
      await letIn(VIKRAM);
      for (let qty = 1; qty <= RESTING; qty += 1) {
        confirm(await card("SELL", qty, FAR_ABOVE));
        await seen(`SELL ${qty} SBIN`, "Open at the broker");
      }
      for (const { orderId, qty } of broker().orders()) resting.set(qty, orderId);
      load = chatter();
    }, 120_000);
    afterAll(async () => {
      quiet.abort();
      await load;
      await fleet.stop();
    }, 60_000);

    async function letIn(user: number): Promise<void> {
      fleet.chat(user).send("/start");
      const { message_id: id } = await seen(String(user), "asks to be let in");
      asha().tap(id, `ur:${user}:viewer`);
      await fleet.chat(user).until(() => fleet.chat(user).lastFromBot()?.text?.includes("has let you in"), WAIT_MS);
    }

    /** Two people keep writing all the time, two messages a second each. */
    async function chatter(): Promise<void> {
      for (; !quiet.signal.aborted; sentWords += 1) {
        for (const user of [VIKRAM, MEERA]) fleet.chat(user).send(`/start ${sentWords}`);
        await pause(500);
      }
    }

    async function card(side: "BUY" | "SELL", qty: number, percent: number): Promise<Message> {
      const price = Math.floor((fleet.world.exchange.quote(SBIN).ltp * percent) / 100 / PRICE_SCALE);
      asha().send(`/${side.toLowerCase()} SBIN ${qty} @ ${price} on zerodha`);
      return seen(`${side} ${qty} SBIN`);
    }
    async function cards(): Promise<Message[]> {
      const made: Message[] = [];
      for (let qty = 1; qty <= CARDS; qty += 1) made.push(await card("BUY", qty, ABOVE));
      return made;
    }
    function confirm(message: Message): void {
      const button = message.reply_markup?.inline_keyboard.flat().find(({ text }) => text.startsWith("Confirm"));
      if (button?.callback_data === undefined) throw new Error(`not confirmable: ${message.text}`);
      asha().tap(message.message_id, button.callback_data);
    }
    /** Begins when the first of three orders has just been filled; the other cards are confirmed, and the resting orders cancelled, while it lasts. */
    async function outage(made: readonly Message[], cut: () => Promise<void> | void) {
      const [first, second, third, ...later] = made;
      for (const each of [first, second, third]) if (each) confirm(each);
      while (filled().length === 0) await pause(2);
      await cut();
      const endsAt = Date.now() + forMs;
      for (const each of later) {
        await pause(forMs / 15);
        confirm(each);
      }
      for (const orderId of resting.values()) broker().cancel(orderId as never);
      expect(Date.now()).toBeLessThan(endsAt);
      await pause(endsAt - Date.now());
    }

    /** The card agrees with the broker. A tap that was delivered only after the ticket had lapsed must have sent nothing. */
    const isSettled = (made: Message): boolean => {
      const text = asha()
        .messages()
        .find(({ message_id: id }) => id === made.message_id)?.text;
      const [, qty] = /BUY (\d+) SBIN/.exec(made.text ?? "") ?? [];
      const atBroker = filled().filter((each) => each === Number(qty)).length;
      return atBroker === 0 ? /Nothing was sent/.test(text ?? "") : text?.includes(`Filled ${qty}`) === true;
    };

    /** Each confirmed order is at the broker exactly once and its card says so, and each cancellation is announced. */
    async function expectNothingLost(made: readonly Message[]): Promise<void> {
      for (const each of made)
        await expect.poll(() => isSettled(each), { timeout: RECOVERY_MS, message: each.text ?? "" }).toBe(true);
      const buys = broker()
        .orders()
        .filter(({ side }) => side === "BUY");
      expect(new Set(buys.map(({ qty }) => qty)).size).toBe(buys.length);
      expect(buys.filter(({ status }) => status !== "filled")).toEqual([]);
      for (const qty of resting.keys()) {
        await expect.poll(() => messagesWith(`SELL ${qty} SBIN`, "ancelled").length, { timeout: RECOVERY_MS }).toBe(2);
      }
    }

    it("lose no confirmed order and no notification", async () => {
      if (!mongo) throw new Error("no server");
      const made = await cards();
      await outage(made, () => begin(fleet, mongo));
      const answer = await fetch(`${fleet.proxy.url}/readyz`);
      expect([answer.status, await answer.json()]).toEqual([503, readiness]);
      await end(fleet, mongo);
      await expectNothingLost(made);
      expect(filled().length).toBeGreaterThanOrEqual(filledAtLeast);
    }, 400_000);

    it("told the owner once of a person who asked to be let in, and kept handling messages", async () => {
      expect(messagesWith("Meera", "asks to be let in")).toHaveLength(1);
      // Two rounds a second, during the whole outage.
      expect(sentWords).toBeGreaterThan((2 * forMs) / 1_000);
      quiet.abort();
      await load;
      const vikram = fleet.chat(VIKRAM);
      const { message_id: last } = vikram.send("/start last");
      // Asked again: what had piled up may have used up the minute's limit.
      const isAnswered = (): boolean => {
        vikram.send("/start again");
        return vikram.messages().some(({ from, message_id: id }) => from.is_bot && id > last);
      };
      await expect.poll(isAnswered, { timeout: RECOVERY_MS, interval: 5_000 }).toBe(true);
      const refused = fleet.world.telegram.rejectedCalls.filter(
        ({ description }) => !CAUSED_BY_REPEAT.test(description),
      );
      expect(refused).toEqual([]);
    }, 120_000);
  });
}
