import { describe, expect, it } from "vitest";
import { ASHA } from "../../fuzz/world.ts";
import { useWorld } from "../world.ts";

describe("the open orders offered by /cancel and /modify", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  const labels = (): string[] =>
    chat()
      .lastFromBot()
      ?.reply_markup?.inline_keyboard.flat()
      .map(({ text }) => text) ?? [];
  async function place(count: number, what = "SBIN 1 @ 980"): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      chat().send(`/buy ${what}`);
      await world().handleAll();
      chat().tapButton("Confirm buy");
      await world().handleAll();
    }
  }

  it("are at most twenty, with a note when there are more", async () => {
    await place(20);
    chat().send("/cancel");
    await world().handleAll();
    expect(chat().lastFromBot()?.reply_markup?.inline_keyboard).toHaveLength(20);
    expect(chat().lastFromBot()?.text).toBe("Which order do you want to cancel?");
    await place(1);
    chat().send("/cancel");
    await world().handleAll();
    expect(chat().lastFromBot()?.reply_markup?.inline_keyboard).toHaveLength(20);
    expect(chat().lastFromBot()?.text).toContain("These are 20 of 21 open orders");
  });

  it("are those of the named instrument, by its ticker or its name", async () => {
    await place(1, "INFY 3 @ 1600");
    for (const typed of ["/cancel INFY", "/modify infosys"]) {
      chat().send(typed);
      await world().handleAll();
      expect(labels()).toEqual(["BUY 3 INFY · paper"]);
    }
  });

  it("show their prices when their labels would be the same otherwise", async () => {
    for (const price of [1600, 1590]) await place(1, `INFY 3 @ ${price}`);
    chat().send("/cancel INFY");
    await world().handleAll();
    expect(labels().toSorted()).toEqual(["BUY 3 INFY @ 1,590.00 · paper", "BUY 3 INFY @ 1,600.00 · paper"]);
  });

  it("are named, with their terms, where the new ones are asked for", async () => {
    for (const price of [1600, 1590]) await place(1, `INFY 3 @ ${price}`);
    const askedBy = async (button: string): Promise<string | undefined> => {
      chat().tapButton(button);
      await world().handleAll();
      return chat().lastFromBot()?.text;
    };
    const named = /^BUY 3 INFY @ 1,590\.00 · paper\nWhat should it become\?/;
    expect(await askedBy("Modify")).toMatch(named);
    chat().send("/modify INFY");
    await world().handleAll();
    expect(await askedBy("BUY 3 INFY @ 1,590.00 · paper")).toMatch(named);
  });

  it("are numbered, and listed in full above, when a phone would cut off their prices", async () => {
    await place(1, "ICICIBANK 100 @ 1390.50");
    await place(1, "ICICIBANK 100 @ 1391.50");
    chat().send("/cancel ICICIBANK");
    await world().handleAll();
    const shown = labels();
    expect(shown.map((label) => label.slice(0, 13))).toEqual(["1 BUY 100 ICI", "2 BUY 100 ICI"]);
    const list = chat().lastFromBot()?.text?.replaceAll(/\s+/g, " ");
    expect(list).toBe(`Which order do you want to cancel? ${shown.join(" ")}`);
  });

  it("replace the older card, which would go on showing the order as open", async () => {
    await place(1, "TCS 1 @ 3200");
    const older = chat().lastFromBot()?.message_id;
    chat().send("/cancel TCS");
    await world().handleAll();
    chat().tapButton("BUY 1 TCS · paper");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toContain("Cancelled, nothing was filled.");
    const card = chat()
      .messages()
      .find(({ message_id: id }) => id === older);
    expect(card?.text).toBe("BUY 1 TCS · 📄 Paper\nA newer card is below.");
    expect(card?.reply_markup).toBeUndefined();
  });

  it("ask back when a bare number may be meant as the price", async () => {
    await place(1, "HDFCLIFE 2 @ 800");
    const ask = async (typed: string): Promise<string | undefined> => {
      chat().send("/modify HDFCLIFE");
      await world().handleAll();
      chat().tapButton("BUY 2 HDFCLIFE · paper");
      await world().handleAll();
      chat().send(typed);
      await world().handleAll();
      return chat().lastFromBot()?.text;
    };
    expect(await ask("790")).toContain("790 alone is a number of shares, and it is near this order's price");
    expect(await ask("@ 790")).toContain("At the broker: limit 790.00.");
    expect(await ask("3")).toContain("BUY 3 HDFCLIFE");
  });

  it("are none when nothing matches the name, and the reply says so", async () => {
    chat().send("/cancel foo");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe("No open order is called “foo”. /cancel lists all that are open.");
    expect(chat().lastFromBot()?.reply_markup).toBeUndefined();
    chat().send("/modify TCS");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe("No open order is called “TCS”. /modify lists all that are open.");
  });
});
