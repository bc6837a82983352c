import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Access, BrokerConnector } from "../../connectors/base.ts";
import { brokerName, orderTag, userId } from "../../src/domain/ids.ts";
import { ASHA, openFuzzWorld, type FuzzWorld } from "../fuzz/world.ts";

describe("a paper account whose user leaves", () => {
  let world: FuzzWorld;
  beforeAll(async () => {
    world = await openFuzzWorld();
  });
  afterAll(() => world.close());

  const chat = () => world.telegram.chat(ASHA);
  async function taps(...labels: string[]): Promise<string | undefined> {
    for (const label of labels) {
      chat().tapButton(label);
      await world.handleAll();
    }
    return chat().lastFromBot()?.text;
  }
  async function says(text: string): Promise<void> {
    chat().send(text);
    await world.handleAll();
  }

  async function boughtOnPaper(): Promise<{ orders(): ReturnType<BrokerConnector["getOrders"]> }> {
    await world.settle();
    const [link] = await world.deps.accounts.active(userId(ASHA));
    const connector = await world.deps.accounts.brokers.get(brokerName("paper"))?.connector();
    const found = await world.deps.instruments.resolve("SBIN");
    if (!link?.tokens || !connector || found.kind !== "one") throw new Error("no paper account");
    const access: Access = { link: link._id, credentials: {}, session: link.tokens };
    const { key, symbol } = found.instrument;
    const { ltp } = await connector.getQuote(access, found.instrument);
    await connector.placeOrder(access, {
      tag: orderTag("T1"),
      key,
      symbol,
      side: "BUY",
      productType: "CNC",
      validity: "DAY",
      qty: 10,
      isAmo: false,
      terms: { type: "LIMIT", price: ltp },
    });
    expect(await connector.getOrders(access)).toHaveLength(1);
    return { orders: () => connector.getOrders(access) };
  }

  it("is deleted at the simulated exchange when it is unlinked", async () => {
    const account = await boughtOnPaper();
    await says("/accounts");
    const label = chat().lastFromBot()?.reply_markup?.inline_keyboard.flat()[0]?.text ?? "";
    expect(await taps(label, "Unlink")).toContain("play money are deleted");
    expect(await taps("Unlink")).toContain("is unlinked");
    expect(await account.orders()).toEqual([]);
  });

  it("is deleted by a second tap when the first one failed in the middle", async () => {
    await world.settle();
    await says("/forget me");
    const { deps } = world;
    const { forget } = deps;
    const failing = async (): Promise<never> => {
      throw new Error("the store does not answer");
    };
    Object.assign(deps, { forget: failing });
    expect(await taps("Forget me")).toContain("Something failed on my side");
    Object.assign(deps, { forget });
    await taps("Forget me");
    expect(chat().messages().at(-2)?.text).toContain("I know nothing about you");
  });

  it("is deleted at the simulated exchange when the user is forgotten", async () => {
    const account = await boughtOnPaper();
    await says("/forget me");
    expect(await taps("Forget me")).toContain("I know nothing about you");
    expect(await account.orders()).toEqual([]);
  });
});
