import { beforeEach, describe, expect, it, vi } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { useWorld } from "../bot/world.ts";
import { ASHA, VIKRAM } from "../fuzz/world.ts";

describe("the order dialogue", () => {
  const world = useWorld();
  beforeEach(() => world().settle());

  let person: number;
  beforeEach(() => (person = ASHA));
  const chat = () => world().telegram.chat(person);
  const textsAfter = (id: number): string[] =>
    chat()
      .messages()
      .filter(({ from, message_id }) => from.is_bot && message_id > id)
      .map(({ text = "" }) => text);

  async function say(text: string, times = 1): Promise<string[]> {
    const { message_id: after } = chat().send(text);
    await world().handleAll(times);
    return textsAfter(after);
  }

  /** The messages sent after the tap, and the notice that answers the tap. */
  async function tap(label: string): Promise<{ said: string[]; toast: string | undefined }> {
    const before = chat().messages().at(-1)?.message_id ?? 0;
    const query = chat().tapButton(label);
    await world().handleAll();
    return { said: textsAfter(before), toast: (await chat().answer(query)).text };
  }

  it("does not take a button of an earlier question as the answer", async () => {
    await say("/buy");
    await say("state bank");
    const nse = "SBIN · NSE · State Bank of India";
    expect((await tap(nse)).said).toEqual([expect.stringContaining("how many?")]);
    expect(await tap(nse)).toEqual({ said: [], toast: expect.stringContaining("older message") });
    expect((await tap("10")).said).toEqual([expect.stringContaining("At which price?")]);
    expect(await tap("10")).toEqual({ said: [], toast: expect.stringContaining("older message") });
    expect((await say("@ 990")).join()).toContain("BUY 10 SBIN");
  });

  it("does not take an update repeated after a crash as the next answer", async () => {
    await say("/buy");
    expect(await say("SBIN", 2)).toEqual([expect.stringContaining("how many?")]);
    expect(await say("none", 2)).toEqual([expect.stringContaining("is not a quantity")]);
    expect(await say("10", 2)).toEqual([expect.stringContaining("At which price?")]);
    expect((await say("10")).join()).toMatch(/Order +limit 10\.00/);
  });

  it("shows how to send a whole order that was typed as the name of the instrument", async () => {
    await say("/sell");
    expect(await say("sbin 10 @ 1000 mis")).toEqual([
      "That is a whole order. It goes in one line: /sell sbin 10 @ 1000 mis",
    ]);
    expect(await say("SBIN")).toEqual([expect.stringContaining("how many?")]);
  });

  it("says that an index is not traded, but its contracts are, before asking how many", async () => {
    await say("/buy");
    expect(await say("nifty50")).toEqual([
      "NIFTY50 is an index: it is quoted, not traded. Its futures and options are: /search NIFTY fut, /search NIFTY ce.",
    ]);
    await say("/search NIFTY ce");
    expect(JSON.stringify(chat().lastFromBot()?.reply_markup)).toMatch(/NIFTY \d+ CE/);
    expect(await say("/buy vix 1")).toEqual(["INDIAVIX is an index: it is quoted, not traded."]);
  });

  it.each(["market", "At market", "@ mkt", "market mis"])(
    "takes “%s” as the answer to the price question",
    async (typed) => {
      await say("/buy SBIN");
      await say("10");
      const [card = ""] = await say(typed);
      expect(card).toContain("BUY 10 SBIN");
      expect(card).toMatch(/Order +market/);
      expect(card).toContain(typed.includes("mis") ? "INTRADAY" : "CNC");
    },
  );

  it.each(["market 5", "990 5"])("does not take “%s” as a price, because of the second number", async (typed) => {
    await say("/buy SBIN");
    await say("10");
    expect((await say(typed)).join()).toContain("is not a price");
  });

  it.each([
    ["with the quantity", ["7 @ 990 day"]],
    ["with the price", ["7", "990 day"]],
  ])("makes an IOC order one for the day when “day” comes %s", async (_, answers) => {
    await say("/buy SBIN ioc");
    const said = [];
    for (const answer of answers) said.push(...(await say(answer)));
    expect(said.at(-1)).toMatch(/BUY 7 SBIN[^]*Product +CNC\n/);
    await say("/buy SBIN ioc");
    expect((await say("7 @ 990")).at(-1)).toMatch(/Product +CNC, IOC\n/);
  });

  it("says how many units a contract's lot has, with an example in whole lots", async () => {
    expect(await say("/buy banknifty jan fut")).toEqual([
      "BUY NSE:BANKNIFTY27JANFUT – how many? A lot is 30: 2 lots and 60 are the same. Or all in one: 2 lots @ 120 mis.",
    ]);
    expect((await say("1 lot @ 60000")).join()).toContain("BUY 30 BANKNIFTY27JANFUT");
  });

  it("offers whole lots of a small company's share, which trades in lots too", async () => {
    const { instruments } = world().deps;
    const [sbin] = await instruments.search("SBIN", 1);
    const share = { ...sbin, lotSize: 1_200 } as Instrument;
    const [one, same] = [vi.spyOn(instruments, "resolve"), vi.spyOn(instruments, "byKey")];
    one.mockResolvedValue({ kind: "one", instrument: share });
    same.mockResolvedValue(share);
    expect((await say("/buy SBIN")).join()).toContain("A lot is 1,200");
    expect((await tap("1 lot")).said).toEqual([expect.stringContaining("At which price?")]);
    await tap("At market");
    const card = chat().lastFromBot()?.text;
    for (const spy of [one, same]) spy.mockRestore();
    expect(card).toContain("BUY 1,200 SBIN");
    expect(card).toContain("State Bank of India, lot 1,200");
  });

  it("does not read a price typed before the quantity as an option's strike", async () => {
    const said = (await say("/buy SBIN @ 990 10")).join();
    expect(said).toContain("BUY 10 SBIN");
    expect(said).toMatch(/Order +limit 990\.00/);
  });

  it.each([
    ["/buy SBIN @ 990 mis", "limit 990.00"],
    ["/buy SBIN sl 1020", "sl 1,020.00 market"],
    ["/buy state bank sl 1020 @ 1025", "sl 1,020.00 @ 1,025.00"],
  ])("does not ask for a price after %s", async (typed, order) => {
    await say(typed);
    if (typed.includes("bank")) await tap("SBIN · NSE · State Bank of India");
    await tap("10");
    const card = chat().lastFromBot()?.text;
    expect(card).toContain("BUY 10 SBIN");
    expect(card).toContain(order);
  });

  it.each([
    ["/sell SBIN sl 1000", "10 @ 998"],
    ["/sell SBIN @ 998", "10 sl 1000"],
  ])("makes one stop order of trigger and limit when one comes with the quantity: %s, %s", async (typed, rest) => {
    await say(typed);
    expect((await say(rest)).join()).toMatch(/Order +sl 1,000.00 @ 998.00/);
  });

  it("refuses a limit price after slm, as in one line, and asks again; a whole new stop it takes", async () => {
    await say("/sell SBIN slm 800");
    expect(await say("10 @ 799")).toEqual([
      "An slm order has no limit price: with one it is “sl 800 @ 799”, without one “slm 800”.",
    ]);
    expect((await say("10")).join()).toMatch(/Order +sl 800.00 market/);
    await say("/sell state bank slm 800");
    await tap("SBIN · NSE · State Bank of India");
    expect((await say("10 @ 799")).join()).toContain("An slm order has no limit price");
    expect((await say("10 sl 810 @ 809")).join()).toMatch(/Order +sl 810.00 @ 809.00/);
  });

  it("prefers the price typed with the quantity to an earlier one", async () => {
    await say("/buy SBIN @ 990");
    expect((await say("10 @ 995")).join()).toContain("limit 995.00");
  });

  it.each([
    ["/buy SBIN", "10 market", "market"],
    ["/buy SBIN @ 990", "10 at market", "market"],
    ["/buy SBIN sl 1020 @ 1025", "10 mkt mis", "sl 1,020.00 market"],
    ["/buy SBIN @ 1025", "10 slm 1020", "sl 1,020.00 market"],
  ])("takes “market” typed with the quantity: %s, %s", async (typed, quantity, order) => {
    await say(typed);
    const [card = ""] = await say(quantity);
    expect(card).toContain("BUY 10 SBIN");
    expect(card).toMatch(new RegExp(`Order +${order}`));
  });

  it("takes each account's own quantity, but not beside a common one that it would leave without use", async () => {
    await say("/buy SBIN");
    expect(await say("10 on paper:4")).toEqual(["The quantity is there twice."]);
    expect((await say("on paper:4 @ 990")).join()).toContain("BUY 4 SBIN");
  });

  it("asks for the price again when a ticket is edited", async () => {
    await say("/buy SBIN 10 @ 990");
    await tap("Edit");
    expect((await tap("10")).said).toEqual([expect.stringContaining("At which price?")]);
  });

  it("ends without a card when the user may no longer trade", async () => {
    person = VIKRAM;
    const be = (role: "trader" | "viewer") => world().deps.users.update(userId(VIKRAM), () => ({ role }));
    const lost = "You can look, not trade. The owner can change that with /users.";
    await be("trader");
    await say("/buy SBIN 10 @ 990");
    await tap("Confirm buy");
    await tap("Modify");
    await be("viewer");
    expect(await say("@ 985")).toEqual([lost]);
    expect((await say("@ 985")).join()).toContain("I work by commands");
    await be("trader");
    await say("/buy SBIN");
    await be("viewer");
    expect(await say("10 @ 990")).toEqual([lost]);
  });
});
