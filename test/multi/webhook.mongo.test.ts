import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Message } from "../../playground/telegram/types.ts";
import { walkLogin } from "../conformance/browser.ts";
import { startMongo } from "../mongo-server/mongo-server.ts";
import { startFleet, type Fleet } from "./fleet.ts";

const started = await startMongo();
/** Refusals that a repeated update causes: its card is unchanged, its tap was answered before. */
const CAUSED_BY_REPEAT = /not modified|query is too old/;
const mongo = "skipped" in started ? null : started;
afterAll(() => mongo?.stop());

const ASHA = 1001;
const WAIT_MS = 30_000;

describe.skipIf(mongo === null)("two processes in webhook mode on one MongoDB", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    if (!mongo) throw new Error("no server");
    fleet = await startFleet(mongo, 2);
    await asha().ask("/start", WAIT_MS);
  }, 60_000);
  afterAll(() => fleet.stop(), 30_000);

  const asha = () => fleet.chat(ASHA);
  const fromBot = (): Message[] =>
    asha()
      .messages()
      .filter((message) => message.from.is_bot);
  const newest = (text: string): Message | undefined => fromBot().findLast((message) => message.text?.includes(text));
  const answered = (): string[] =>
    fromBot().flatMap((message) => /broker called “(\w+)”/.exec(message.text ?? "")?.[1] ?? []);

  const handled = (): Promise<number[]> =>
    Promise.all(fleet.members.map((member) => member.metric("sauda_updates_total")));

  it("keep one chat's messages in order, whichever process receives each", async () => {
    const names = Array.from({ length: 15 }, (_, at) => `first${at}`);
    for (const name of names) asha().send(`/link ${name}`);
    await asha().until(() => answered().includes("first14"), WAIT_MS);
    expect(answered()).toEqual(names);
    expect([...fleet.proxy.answered.values()].length).toBe(2);
  });

  it("link a broker by keys in chat and the broker's own page, whichever process receives each step", async () => {
    const demo = fleet.world.lab.state().brokers.find(({ name }) => name === "zerodha");
    await asha().ask("/link zerodha", WAIT_MS);
    for (const { value } of demo?.credentials ?? []) {
      await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "), WAIT_MS);
      await asha().ask(value, WAIT_MS);
    }
    const login = await asha().until(() => newest("Now log in at"), WAIT_MS);
    const url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const landed = await walkLogin(url, `${fleet.proxy.url}/oauth/zerodha/callback`);
    expect((await fetch(landed)).status).toBe(200);
    await asha().until(() => newest("is linked."), WAIT_MS);
  });

  it("continue a dialogue across processes, up to the order's card", async () => {
    const before = await handled();
    for (const step of ["/buy", "SBIN", "3"]) {
      await asha().ask(step, WAIT_MS);
      await fleet.settled();
    }
    const card = await asha().ask("1000", WAIT_MS);
    expect(card.text).toContain("BUY 3 SBIN");
    await fleet.settled();
    expect((await handled()).map((count, at) => count - (before[at] ?? 0))).toEqual([2, 2]);
  });

  it("lose nothing when one of them is killed while it handles updates", async () => {
    await asha().ask("/buy", WAIT_MS);
    await asha().ask("SBIN", WAIT_MS);
    const others = [1002, 1003].map((user) => fleet.chat(user));
    const names = Array.from({ length: 12 }, (_, at) => `second${at}`);
    for (const chat of others) for (const name of names) chat.send(`/start ${name}`);
    const [victim] = fleet.members;
    const killed = pause(60).then(() => victim?.kill());
    asha().send("4");
    await killed;
    const price = await asha().until(() => newest("At which price?"), WAIT_MS);
    expect(price.text).toContain("At which price?");
    for (const chat of others) {
      await chat.until(() => chat.messages().filter((message) => message.from.is_bot).length >= names.length, WAIT_MS);
    }
    asha().send("1001");
    const card = await asha().until(() => newest("BUY 4 SBIN"), WAIT_MS);
    expect(card.text).toContain("1,001.00");
  }, 90_000);

  it("share the work with a new process at once", async () => {
    const member = await fleet.add();
    for (let at = 0; at < 6; at += 1) {
      await asha().ask(`/link third${at}`, WAIT_MS);
      await fleet.settled();
    }
    expect(await member.metric("sauda_updates_total")).toBeGreaterThan(0);
    expect(answered().slice(-6)).toEqual([0, 1, 2, 3, 4, 5].map((at) => `third${at}`));
  }, 60_000);

  it("refuse a webhook call without the webhook's secret", async () => {
    const forged = { update_id: 1, message: { message_id: 1, date: 0, chat: { id: ASHA, type: "private" } } };
    const reply = await fetch(`${fleet.proxy.url}/telegram/webhook`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": "guess" },
      body: JSON.stringify(forged),
    });
    expect(reply.status).toBe(401);
  });

  it("forget a person in every collection", async () => {
    await asha().ask("/forget me", WAIT_MS);
    expect(await fleet.documents()).toContain("QX4411");
    asha().tapButton("Forget me");
    await asha().until(() => newest("I know nothing about you"), WAIT_MS);
    // Telegram may deliver the tap again. Its record is gone as well, so the person is forgotten once more, which takes a moment.
    await vi.waitFor(
      async () => {
        await fleet.settled();
        const left = await fleet.documents();
        expect(left).not.toContain("QX4411");
        expect(left).not.toMatch(/[":]1001[":]/);
        expect(left).toMatch(/[":]1002[":]/);
      },
      { timeout: WAIT_MS, interval: 250 },
    );
  });

  it("made no invalid Bot API call", () => {
    const isRefused = ({ description }: { description: string }): boolean => !CAUSED_BY_REPEAT.test(description);
    expect(fleet.world.telegram.rejectedCalls.filter(isRefused)).toEqual([]);
  });
});
