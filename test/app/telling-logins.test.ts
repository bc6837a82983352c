import type { Api } from "grammy";
import { beforeEach, describe, expect, it } from "vitest";
import { tellLogin } from "../../src/app/telegram-out.ts";
import { brokerName, userId } from "../../src/domain/ids.ts";
import type { Link } from "../../src/services/accounts.ts";
import { useWorld } from "../bot/world.ts";
import { ASHA } from "../fuzz/world.ts";

describe("what the browser brings to an end, in the chat", () => {
  const world = useWorld();
  const told: string[] = [];
  const api = {
    sendMessage: async (_chat: number, text: string) => void told.push(text),
  } as unknown as Api;
  beforeEach(() => void told.splice(0));

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

  it("leaves a key awaited that another account was asked for meanwhile: it must not stay in the chat", async () => {
    const zerodha = await linkAt("zerodha");
    await says("/link fyers");
    const profile = { accountId: "AB1234", name: "Asha" } as never;
    const result = { kind: "linked", link: zerodha, profile, funds: null, isFirst: false } as const;
    await tellLogin(api, world().deps, userId(ASHA), result);
    expect(told.join()).toContain("AB1234");
    expect(await says("DEMOAPP123-100")).toContain("Send the Secret ID");
  });
});
