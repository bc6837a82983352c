import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokerDefinitions } from "../../connectors/index.ts";
import type { Message } from "../../playground/telegram/types.ts";
import { linkingAs } from "./linking.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;
const BROKERS = brokerDefinitions.map(({ name }) => String(name));
const WITHOUT_PAGE = brokerDefinitions
  .filter(({ capabilities }) => !capabilities.login.includes("redirect"))
  .map(({ name }) => String(name));

describe("linking brokers", () => {
  let running: TestSauda;
  let linking: ReturnType<typeof linkingAs>;
  let order: Message | undefined;
  beforeAll(async () => {
    running = await startTestSauda();
    linking = linkingAs(running, ASHA);
    await asha().ask("/start");
  });
  afterAll(() => running.stop());

  const asha = () => running.playground.chat(ASHA);
  const newest = (text: RegExp): Message | undefined =>
    asha()
      .messages()
      .findLast((message) => text.test(message.text ?? ""));

  /** The address that the steps show as code, so that a tap copies it. */
  function redirectUrlOf(broker: string): string | undefined {
    const { text = "", entities = [] } = newest(new RegExp(`^Link ${broker.replace("one", " one")}`, "i")) ?? {};
    const code = entities.find(({ type }) => type === "code");
    return code && text.slice(code.offset, code.offset + code.length);
  }

  /** Sends the keys in the chat instead, one per question, and checks that each message is deleted. */
  async function typeKeys(broker: string): Promise<void> {
    asha().tapButton("Type them here instead");
    for (const { value } of linking.demoKeys(broker)) {
      await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "));
      await asha().ask(value);
      expect(
        asha()
          .messages()
          .filter(({ text }) => text === value),
      ).toEqual([]);
    }
  }

  it.each(BROKERS.filter((name) => name !== "fyers" && !WITHOUT_PAGE.includes(name)))(
    "links %s: keys on a one-time page, then the broker's own login",
    async (broker) => {
      const login = await linking.typeKeysOnPage(broker);
      expect(redirectUrlOf(broker)).toMatch(new RegExp(`^http://[^/]+/oauth/${broker}/callback$`));
      expect(login.text).toMatch(/If this chat does not tell you that it worked, send me (the|an) [^.]+[^]*is deleted/);
      const page = await linking.logIn(broker, login);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain("Linked");
      await linking.waitFor(/is linked\./, login.message_id);
    },
  );

  it.each(WITHOUT_PAGE)(
    "links %s, which has no login page, with a pasted token that is deleted from the chat",
    async (broker) => {
      const asked = await linking.typeKeysOnPage(broker);
      expect(asked.text).toMatch(/^Now send me (the|an) [^]*is deleted/);
      expect(asked.reply_markup).toBeUndefined();
      expect(redirectUrlOf(broker)).toBeUndefined();
      const text = linking.paste(broker);
      await linking.waitFor(/is linked\./, asked.message_id);
      expect(
        asha()
          .messages()
          .filter((message) => message.text === text),
      ).toEqual([]);
    },
  );

  it("links fyers with keys sent in the chat, which are deleted, also after a cancelled login", async () => {
    const { message_id: asked } = asha().send("/link fyers");
    await linking.waitFor(/for five minutes/, asked);
    await typeKeys("fyers");
    const first = await linking.waitFor(/^Now log in at/, asked);
    const page = await linking.cancel("fyers", first, { s: "error", message: "user cancelled" });
    expect(await page.text()).toContain("The login was not finished");
    const { text } = await linking.waitFor(/not finished/, first.message_id);
    expect(text).toContain("Nothing was changed.\nuser cancelled");
    asha().tapButton("Try again");
    const second = await linking.waitFor(/^Now log in at/, first.message_id);
    expect(await (await linking.logIn("fyers", second)).text()).toContain("Linked");
    await asha().until(() => newest(/Fyers is linked\./));
  });

  /** What an account's button in /accounts opens: it names the link. */
  async function linkBehind(label: string): Promise<string | undefined> {
    const { reply_markup } = await asha().ask("/accounts");
    return reply_markup?.inline_keyboard.flat().find(({ text }) => text === label)?.callback_data;
  }

  it("gives zerodha new keys on a page: a login with wrong ones changes nothing, with the right ones the link goes on", async () => {
    const before = await linkBehind("zerodha");
    const offer = await linking.askForNewKeys("zerodha");
    expect(newest(/^New keys for zerodha/)?.text).toContain("The old keys stay in force until");
    await linking.submitKeys("zerodha", offer, { apiSecret: "anothersecret01" });
    const wrong = await linking.waitFor(/^Now log in at Zerodha/, offer.message_id);
    expect(wrong.text).toContain("The old keys stay in force until Zerodha has answered.");
    expect((await linking.logIn("zerodha", wrong)).status).toBe(400);
    const failed = await linking.waitFor(/^⚠️ The login at Zerodha failed/, wrong.message_id);
    expect(failed.text).toMatch(/Nothing was changed\..* then tap New keys\./);
    expect((await asha().ask("/funds zerodha")).text).toContain("Available");

    asha().tapButton("New keys");
    const again = await linking.waitFor(/for five minutes/, failed.message_id);
    await linking.submitKeys("zerodha", again);
    const login = await linking.waitFor(/^Now log in at Zerodha/, again.message_id);
    expect(await (await linking.logIn("zerodha", login)).text()).toContain("Linked");
    const linked = await linking.waitFor(/^Zerodha is linked\./, login.message_id);
    expect(linked.text).toContain("zerodha has its new keys, and the old ones are deleted.");
    expect(await linkBehind("zerodha")).toBe(before);
    expect((await asha().ask("/funds zerodha")).text).toContain("Available");
    asha().tap(failed.message_id, failed.reply_markup?.inline_keyboard[0]?.[0]?.callback_data ?? "");
    await linking.waitFor(/^Those new keys were used before or are too old\. Nothing was changed\./, linked.message_id);
  });

  it("gives dhan new keys in the chat, which are deleted, and takes no token in place of keys that dhan refuses", async () => {
    const before = await linkBehind("dhan");
    const left = await linking.askForNewKeys("dhan");
    await linking.submitKeys("dhan", left);
    await linking.waitFor(/^Now log in at Dhan/, left.message_id);
    const offer = await linking.askForNewKeys("dhan");
    await linking.submitKeys("dhan", offer, { apiSecret: "0f1e2d3c-not-his" });
    const refused = await linking.waitFor(/^⚠️ The login at Dhan failed/, offer.message_id);
    expect(refused.text).not.toContain("send me");
    expect(refused.reply_markup?.inline_keyboard.flat().map(({ text }) => text)).toEqual(["Try again", "New keys"]);
    expect((await asha().ask(`${"a".repeat(40)}.${"b".repeat(40)}.${"c".repeat(40)}`)).text).toContain("not waiting");
    expect((await asha().ask("/funds dhan")).text).toContain("Available");

    const { message_id: again } = await linking.askForNewKeys("dhan");
    await typeKeys("dhan");
    await linking.logIn("dhan", await linking.waitFor(/^Now log in at Dhan/, again));
    const linked = await linking.waitFor(/^Dhan is linked\./, again);
    expect(linked.text).toContain("dhan has its new keys");
    expect(await linkBehind("dhan")).toBe(before);
    expect((await asha().ask("/funds dhan")).text).toContain("Available");
  });

  it("goes on with an account that is linked again, also where the second login ends the first", async () => {
    const again = await linking.typeKeysOnPage("dhan");
    await linking.logIn("dhan", again);
    const said = await linking.waitFor(/is linked already, as dhan/, again.message_id);
    expect(said.text).not.toContain("nothing was changed");
    expect((await asha().ask("/funds dhan")).text).toContain("Available");
  });

  it("shows one portfolio over all brokers, with the same share of several brokers merged", async () => {
    const holdings = await asha().ask("/holdings");
    expect(holdings.text).toMatch(/SBIN[\s\S]*zerodha, angelone, fyers/);
    expect(holdings.text).toMatch(/ITC[\s\S]*150/);
    expect(holdings.text).toMatch(/M&M[\s\S]*groww/);
    expect(holdings.text).toContain("Value");
  });

  it("includes each broker's shares in the day's change, also at brokers that send no previous close", async () => {
    expect((await asha().ask("/pnl")).text).not.toContain("leaves out");
    const { text, caption = text } = await asha().ask("/dashboard");
    for (const broker of BROKERS)
      expect(caption).toMatch(new RegExp(String.raw`^${broker} ₹[\d,.]+ +[+−][\d,.]+$`, "m"));
  });

  it("places an order at a named broker and follows it to its end", async () => {
    const card = await asha().ask("/buy INFY 2 on fyers");
    expect(card.text).toContain("fyers");
    asha().tapButton("Confirm buy");
    await asha().until(() =>
      asha()
        .messages()
        .find(({ message_id, text }) => message_id === card.message_id && text?.includes("Filled 2")),
    );
  });

  it("shows one account alone where it is named", async () => {
    for (const command of [
      "/holdings fyers",
      "/positions on Fyers",
      "/orders fyers",
      "/trades fyers",
      "/funds fyers",
    ]) {
      const shown = await asha().ask(command);
      expect(shown.text).toContain("· fyers");
      expect(shown.text).not.toMatch(/zerodha|angelone|groww/);
      expect(JSON.stringify(shown.reply_markup)).toMatch(/:0:fyers"/);
    }
    const orders = await asha().ask("/orders fyers");
    expect(orders.text).toContain("BUY INFY");
    expect((await asha().ask("/orders Angel One")).text).toContain("No orders today.");
  });

  it("offers no buy-back of shares that were sold out of the holdings", async () => {
    const card = await asha().ask("/sell INFY 4 on zerodha");
    asha().tapButton("Confirm sell");
    await asha().until(() =>
      asha()
        .messages()
        .find(({ message_id, text }) => message_id === card.message_id && text?.includes("Filled 4")),
    );
    expect((await asha().ask("/buy INFY all on zerodha")).text).not.toContain("BUY 4");
    expect((await asha().ask("/exit INFY")).text).not.toContain("BUY 4");
  });

  it("says that an order's state is unknown when its reply was lost, then finds it in the order book, sent once", async () => {
    const card = await asha().ask("/buy INFY 3 on fyers");
    const shows = (text: string): Promise<Message> =>
      asha().until(
        () =>
          asha()
            .messages()
            .find((message) => message.message_id === card.message_id && message.text?.includes(text)),
        20_000,
      );
    await running.sauda.lab?.act({ broker: "fyers", action: "drop-after" });
    asha().tapButton("Confirm buy");
    const unknown = await shows("Not known yet");
    expect(unknown.text).toContain("will not send it again");
    await running.sauda.lab?.act({ broker: "fyers", action: "drop-after" });
    await shows("Filled 3");
    const { text = "" } = await asha().ask("/trades");
    expect(text.match(/BUY INFY\s+CNC\s+3 @/g) ?? []).toHaveLength(1);
  });

  it("switches an account's data source in /settings, and names the source at each price", async () => {
    const sourceOf = async (): Promise<string> => (await asha().ask("/quote INFY")).text?.split("\n").at(-1) ?? "";
    const offered = (label: string) =>
      asha().until(() => JSON.stringify(asha().lastFromBot()?.reply_markup ?? {}).includes(label) || undefined);
    await asha().ask("/settings");
    const isBroker = JSON.stringify(asha().lastFromBot()?.reply_markup).includes("Prices of zerodha: Zerodha");
    const [first, second] = isBroker ? ["Zerodha", "Yahoo"] : ["Yahoo", "Zerodha"];
    const says = { Zerodha: /^Zerodha · .* IST$/, Yahoo: /^Yahoo, about 15 min late · .* IST$/ };
    expect(await sourceOf()).toMatch(says[first as keyof typeof says]);
    await asha().ask("/settings");
    asha().tapButton(`Prices of zerodha: ${first}`);
    await offered(`Prices of zerodha: ${second}`);
    expect(await sourceOf()).toMatch(says[second as keyof typeof says]);
  });

  it("says that a broker's session is over, with a login button, and shows the other brokers' holdings", async () => {
    order = await asha().ask("/buy INFY 1 @ 1400 on fyers");
    asha().tapButton("Confirm buy");
    await asha().until(() => newest(/Open at the broker/));
    await running.sauda.lab?.act({ broker: "fyers", action: "expireSessions" });
    const holdings = await asha().ask("/holdings");
    expect(holdings.text).toContain("Fyers: the session has ended");
    expect(holdings.text).toContain("SBIN");
    const buttons = holdings.reply_markup?.inline_keyboard.flat().map(({ text }) => text);
    expect(buttons).toContain("Log in: fyers");
  });

  it("says the same when an order of that broker is refreshed, and leaves the order's card unchanged", async () => {
    const shown = (): Message | undefined =>
      asha()
        .messages()
        .find(({ message_id }) => message_id === order?.message_id);
    const before = shown()?.text;
    const refresh = shown()
      ?.reply_markup?.inline_keyboard.flat()
      .find(({ text }) => text === "Refresh");
    asha().tap(order?.message_id ?? 0, refresh?.callback_data ?? "");
    await asha().until(() => asha().lastFromBot()?.text?.startsWith("⚠️ Fyers: the session has ended"));
    expect(shown()?.text).toBe(before);
  });

  it("ends each of several logins by its pasted address, whichever was begun last", async () => {
    const { message_id: listed, reply_markup } = await asha().ask("/accounts");
    const buttons = reply_markup?.inline_keyboard.flat() ?? [];
    const begin = async (label: string, title: string, since = listed): Promise<string> => {
      const button = buttons.find(({ text }) => text === label);
      asha().tap(listed, (button?.callback_data ?? "").replace("acd", "al"));
      const login = await linking.waitFor(new RegExp(`^Now log in at ${title}`), since);
      return (await linking.walk(label, login)).landed.href;
    };
    const addresses = [await begin("zerodha", "Zerodha"), await begin("fyers", "Fyers"), await begin("dhan", "Dhan")];
    const answers: (string | undefined)[] = [];
    for (const address of addresses) answers.push((await asha().ask(address)).text?.split(".")[0]);
    expect(answers).toEqual(["Zerodha is linked", "Fyers is linked", "Dhan is linked"]);
    const { message_id: later } = await asha().ask("/help");
    await asha().ask(await begin("zerodha", "Zerodha", later));
    expect((await asha().ask("https://example.com/")).text).toContain("I work by commands.");
  });

  it("asks for the keys again when a login is requested before they were given", async () => {
    const { message_id: asked } = asha().send("/link fyers");
    const offer = await linking.waitFor(/for five minutes/, asked);
    const { callback_data: typeHere } = offer.reply_markup?.inline_keyboard[1]?.[0] ?? {};
    const link = typeHere?.split(":")[1] ?? "";
    // A second /link goes on with the unfinished account instead of creating another.
    const { message_id: again } = asha().send("/link fyers");
    const second = await linking.waitFor(/for five minutes/, again);
    expect(second.reply_markup?.inline_keyboard[1]?.[0]?.callback_data).toBe(typeHere);
    asha().tap(offer.message_id, `al:${link}`);
    expect((await linking.waitFor(/for five minutes/, second.message_id)).text).toContain("Fyers");
    asha().tap(offer.message_id, `auy:${link}`);
    await linking.waitFor(/unlinked|gone|deleted/i, asked);
  });

  it("says that the broker refused the keys when asked for its login page, and still accepts a pasted token", async () => {
    const { message_id: asked } = asha().send("/link dhan");
    await linking.waitFor(/for five minutes/, asked);
    asha().tapButton("Type them here instead");
    for (const { field, value } of linking.demoKeys("dhan")) {
      await asha().until(() => asha().lastFromBot()?.text?.startsWith("Send the "));
      asha().send(field === "apiSecret" ? "0f1e2d3c-not-his" : value);
    }
    const said = await linking.waitFor(/an access token from Dhan Web/, asked);
    expect(said.text).toMatch(/^⚠️ Dhan refuses the key or secret\..*Now send me an access token/s);
  });

  it("calls brokers and keys in the drawer what the chat calls them", () => {
    const shown = (running.sauda.lab?.state().brokers ?? []).map(({ title, credentials }) => ({
      title,
      labels: credentials.map(({ label }) => label),
    }));
    const named = brokerDefinitions.map(({ title, credentials }) => ({
      title,
      labels: expect.arrayContaining(credentials.flatMap(({ label, isOptional }) => (isOptional ? [] : label))),
    }));
    expect(shown).toEqual(named);
  });

  it("refuses a login link that was used before", async () => {
    const used = newest(/^Now log in at Fyers/);
    if (!used) throw new Error("no login card");
    expect((await linking.logIn("fyers", used)).status).toBe(400);
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
