import { beforeEach, describe, expect, it } from "vitest";
import { brokerName, userId } from "../../src/domain/ids.ts";
import type { Link } from "../../src/services/accounts/accounts.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("the account used when none is named", () => {
  const world = useWorld();
  const asha = userId(ASHA);
  let second: Link;
  let third: Link;
  beforeEach(async () => {
    [second, third] = [await opened(), await opened()];
  });

  async function opened(): Promise<Link> {
    const { accounts, logins } = world().deps;
    const link = await accounts.add(asha, brokerName("paper"), {});
    await logins.open(link);
    return link;
  }
  const chat = () => world().telegram.chat(ASHA);
  async function ask(typed: string): Promise<string | undefined> {
    chat().send(typed);
    await world().handleAll();
    return chat().lastFromBot()?.text;
  }
  async function tap(label: string): Promise<string | undefined> {
    chat().tapButton(label);
    await world().handleAll();
    return chat().lastFromBot()?.text;
  }
  const buttons = () => (chat().lastFromBot()?.reply_markup?.inline_keyboard ?? []).flat().map(({ text }) => text);
  const switchTo = (link: Link, isOn: boolean) => world().deps.accounts.update(link._id, () => ({ is_active: isOn }));
  const makeDefault = (link: Link) => world().deps.users.update(asha, () => ({ defaultLink: link._id }));

  it("is the default one, or the oldest while the default is switched off, as /accounts says", async () => {
    await makeDefault(second);
    expect(await ask("/accounts")).toContain("Orders go to paper2 unless");
    expect(await ask("/buy SBIN 1")).toMatch(/Account +paper2\n/);
    await switchTo(second, false);
    expect(await ask("/buy SBIN 1")).toMatch(/Account +paper\n/);
    expect(await ask("/accounts")).toContain("Orders go to paper unless");
    await switchTo(second, true);
  });

  it("is said on its own card only while orders go to it", async () => {
    await makeDefault(second);
    await ask("/accounts");
    expect(await tap("paper2")).toContain("Orders go to paper2");
    const off = await tap("Switch off");
    expect(off).toContain("switched off");
    expect(off).not.toContain("Orders go to");
    expect(await tap("Switch on")).toContain("Orders go to paper2");
  });

  it("stays switched off when Telegram repeats the tap", async () => {
    await ask("/accounts");
    for (const label of ["paper2", "Switch off"]) {
      chat().tapButton(label);
      await world().handleAll(2);
    }
    expect(chat().lastFromBot()?.text).toContain("switched off");
    chat().tapButton("Switch on");
    await world().handleAll(2);
    expect(chat().lastFromBot()?.text).toContain("no login needed");
  });

  it.each(["1 lot @ 150.50 ioc intraday on paper2", "on paper2:1lot @ 150.50 mis ioc"])(
    "does not take the place of one typed with “%s”, while the contract is picked",
    async (typed) => {
      await ask(`/sell nifty  fut ${typed}`);
      chat().tapButton(buttons()[0] ?? "no choice");
      await world().handleAll();
      const card = chat().lastFromBot()?.text;
      expect(card).toMatch(/^SELL 65 NIFTY[^]*Account +paper2\nOrder +limit 150\.50\nProduct +INTRADAY, IOC\n/);
    },
  );

  it("does not take the place of one that was switched off since, when a card is edited or repeated", async () => {
    await makeDefault(third);
    expect(await ask("/buy SBIN 1 @ 900 on paper2")).toMatch(/Account +paper2\n/);
    await switchTo(second, false);
    expect(await tap("Edit")).toContain("paper2 is switched off");
    await switchTo(second, true);
    await ask("/buy SBIN 1 on paper2");
    expect(await tap("Confirm buy")).toContain("Filled 1");
    await switchTo(second, false);
    expect(await tap("Repeat")).toContain("paper2 is switched off");
    await switchTo(second, true);
  });

  it("is not used for prices while it is logged out and another one is logged in", async () => {
    await makeDefault(second);
    await world().deps.accounts.update(second._id, () => ({ tokens: null }));
    expect((await ask("/quote SBIN"))?.split("\n").at(-1)).toMatch(/^📄 Paper · /);
    await world().deps.logins.open(second);
    expect((await ask("/quote SBIN"))?.split("\n").at(-1)).toMatch(/^📄 Paper \(paper2\) · /);
  });

  it("is the Nifty Shop's while the one chosen for it is switched off, and its cards name it", async () => {
    const { niftyShop, users } = world().deps;
    await makeDefault(second);
    await niftyShop.change(asha, { link: third._id, mode: "ask" });
    await ask("/niftyshop settings");
    expect(buttons()).toContain("Account: 📄 Paper (paper3)");
    await switchTo(third, false);
    const proposal = await niftyShop.propose((await users.get(asha))!);
    expect(proposal.link).toBe(second._id);
    await ask("/niftyshop settings");
    expect(buttons()).toContain("Account: 📄 Paper (paper2)");
  });

  it("does not take the place of a typed one whose words were kept for too long", async () => {
    await ask("/sell nifty fut 1 lot @ 150.50 ioc intraday on paper2");
    const [choice = "no choice"] = buttons();
    world().pass(3_600_001);
    expect(await tap(choice)).toBe("That question is too old, and nothing was sent. Type the order again.");
  });
});
