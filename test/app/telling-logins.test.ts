import { HttpError, type Api, type InlineKeyboard } from "grammy";
import { beforeEach, describe, expect, it } from "vitest";
import { redrawLoginCard, tellKeys, tellLogin } from "../../src/app/telegram-out.ts";
import { brokerName, userId } from "../../src/domain/ids.ts";
import { BrokerError } from "../../src/errors.ts";
import { Secret } from "../../src/lib/secret.ts";
import type { Outbox } from "../../src/notify/outbox.ts";
import type { Link } from "../../src/services/accounts/accounts.ts";
import { useWorld } from "../bot/world.ts";
import { ASHA } from "../fuzz/world.ts";

describe("the chat's answer to a login or key page finished in the browser", () => {
  const world = useWorld();
  let told: string[];
  let buttons: string[];
  beforeEach(() => ([told, buttons] = [[], []]));
  const api = {
    async sendMessage(_chat: number, text: string, { reply_markup: keyboard }: { reply_markup?: InlineKeyboard }) {
      told.push(text);
      buttons.push(...(keyboard?.inline_keyboard.flat().map((button) => button.text) ?? []));
    },
  } as unknown as Api;

  async function says(text: string): Promise<string> {
    const chat = world().telegram.chat(ASHA);
    chat.send(text);
    await world().handleAll();
    return chat.lastFromBot()?.text ?? "";
  }

  const linkAt = async (broker: string): Promise<Link> => {
    const links = await world().deps.accounts.all(userId(ASHA));
    const found = links.find(({ broker_name }) => broker_name === broker);
    return found ?? world().deps.accounts.add(userId(ASHA), brokerName(broker), {});
  };

  it("keeps the dialogue waiting for another account's key, so that the key is still deleted from the chat", async () => {
    const zerodha = await linkAt("zerodha");
    await says("/link fyers");
    const profile = { accountId: "AB1234", name: "Asha" } as never;
    const result = { kind: "linked", link: zerodha, profile, funds: null, hasNewKeys: false } as const;
    await tellLogin(api, world().deps, userId(ASHA), result);
    expect(told.join()).toContain("AB1234");
    expect(await says("DEMOAPP123-100")).toContain("Send the Secret ID");
  });

  it("redraws the morning's card and the reminder after it where they stand, and sends nothing if neither was sent", async () => {
    const redrawn = async (places: Record<string, number>): Promise<number[]> => {
      const edited: number[] = [];
      const editing = { editMessageText: async (_chat: number, message: number) => void edited.push(message) };
      const outbox = { sentMessage: async (key: string) => places[key.split(":")[0] ?? ""] ?? null };
      await redrawLoginCard(editing as unknown as Api, world().deps, outbox as unknown as Outbox, userId(ASHA));
      return edited;
    };
    expect(await redrawn({ "morning-login": 5, "morning-nudge": 9 })).toEqual([5, 9]);
    expect(await redrawn({})).toEqual([]);
  });

  it("does not blame the keys for a code or token that came too late", async () => {
    const link = await linkAt("fyers");
    const details = { broker: brokerName("fyers"), endpoint: "POST /validate-authcode", brokerCode: "-374" };
    const error = new BrokerError("auth-invalid", "Invalid auth code", details);
    await tellLogin(api, world().deps, userId(ASHA), { kind: "failed", link, error });
    expect(told.join()).toMatch(/The login at Fyers failed.*Try again.*\n.*Invalid auth code/);
    expect(told.join()).not.toContain("refuses the key");
    expect(buttons).toEqual(["Try again", "New keys"]);
  });

  it("says of an account that was unlinked meanwhile that nothing was stored", async () => {
    await tellLogin(api, world().deps, userId(ASHA), { kind: "unlinked", link: await linkAt("zerodha") });
    expect(told).toEqual([
      "<b>zerodha</b> was unlinked before its login had ended, so nothing of it was stored. /link links it again.",
    ]);
  });

  it("offers a button to try again after a login at another account, with the new keys if it was theirs", async () => {
    const link = await world().deps.accounts.standIn(await linkAt("zerodha"));
    const keyboards: string[] = [];
    const recording = { sendMessage: async (...sent: unknown[]) => void keyboards.push(JSON.stringify(sent)) };
    const result = { kind: "other-account", link, accountId: "ZZ9999" } as const;
    await tellLogin(recording as unknown as Api, world().deps, userId(ASHA), result);
    expect(keyboards.join()).toMatch(/ZZ9999.*not the one linked here\. Nothing was changed\./);
    expect(keyboards.join()).toContain(`al:${link._id}`);
  });

  it("offers a button to try again when the broker that must be asked for the login page did not answer", async () => {
    const { accounts } = world().deps;
    const credentials = {
      clientId: new Secret("1104482917"),
      apiKey: new Secret("a1b2c3d4"),
      apiSecret: new Secret("0f1e2d3c-4b5a"),
    };
    const link = await accounts.update((await linkAt("dhan"))._id, () => ({ credentials }));
    await tellKeys(api, world().deps, link, "keys");
    expect(told.join()).toContain("Dhan cannot be reached right now.");
    expect(buttons).toEqual(["Try again"]);
    const chat = world().telegram.chat(ASHA);
    chat.tap(chat.lastFromBot()?.message_id ?? 0, `al:${link._id}`);
    await world().handleAll();
    expect(chat.lastFromBot()?.text).toContain("Dhan cannot be reached right now.");
    expect(
      chat
        .lastFromBot()
        ?.reply_markup?.inline_keyboard.flat()
        .map(({ text }) => text),
    ).toEqual(["Try again"]);
  });

  it("goes through the outbox when Telegram cannot be reached, because the page says that the chat has the rest", async () => {
    const failing = {
      sendMessage: () => Promise.reject(new HttpError("failed", new Error("reset"))),
    } as unknown as Api;
    const before = world().posted.length;
    await tellLogin(failing, world().deps, userId(ASHA), { kind: "stale" });
    await tellKeys(failing, world().deps, await linkAt("zerodha"), "egress");
    expect(world().posted.slice(before)).toMatchObject([
      { userId: String(ASHA), html: expect.stringContaining("login link was used before") },
      { userId: String(ASHA), html: expect.stringContaining("bot's own address") },
    ]);
  });
});
