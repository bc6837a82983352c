import { describe, expect, it, vi } from "vitest";
import { brokerName, tradingSymbol, userId } from "../../src/domain/ids.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("what the chat answers", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  async function ask(typed: string): Promise<string | undefined> {
    chat().send(typed);
    await world().handleAll();
    return chat().lastFromBot()?.text;
  }
  const labels = () => (chat().lastFromBot()?.reply_markup?.inline_keyboard ?? []).flat().map(({ text }) => text);

  it("to a command that was copied out of a message, and so comes as code, is what the command does", async () => {
    const copied = async (typed: string): Promise<string | undefined> => {
      world().twist(chat().send(typed).message_id, "code");
      await world().handleAll();
      return chat().lastFromBot()?.text;
    };
    expect(await copied("/quote SBIN")).toContain("State Bank of India");
    expect(await copied("/buy SBIN 10 @ 1000")).toMatch(/^BUY 10 SBIN[^]*limit 1,000.00/);
    expect(await copied("/Panic@sauda_local_bot")).toContain("Panic: everything at every broker");
  });

  it("to what was copied with signs in it that nobody sees is the same as without them", async () => {
    expect(await ask("\u200E/quote SBIN")).toContain("State Bank of India");
    expect(await ask("/buy SBIN 10 @ \u200E1000\u200B")).toMatch(/^BUY 10 SBIN[^]*limit 1,000.00/);
  });

  it.each(["photo", "voice", "sticker", "contact", "location"])("to a %s is that only text is read", async (kind) => {
    world().twist(chat().send("/quote SBIN").message_id, kind);
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe("I can read only text. /help lists what I can do.");
  });

  it("to a notice of Telegram's own, as of a pinned message, is nothing", async () => {
    const asked = chat().send("/quote SBIN");
    world().twist(asked.message_id, "service");
    await world().handleAll();
    expect(chat().messages().at(-1)).toEqual(asked);
  });

  it("to a price that was picked in inline mode is none: it is no answer to a question, and no PIN", async () => {
    const query = chat().inline("sbin");
    await world().handleAll();
    const { inline_query_id: id, results } = await query;
    for (const question of ["/help", "/buy", "/lock pin"]) {
      await ask(question);
      const asked = chat().messages();
      const picked = chat().choose(id, results[0]?.id ?? "");
      await world().handleAll();
      expect(chat().messages()).toEqual([...asked, picked]);
    }
    expect(await ask("4829")).toContain("PIN set");
    await world().deps.orderLock.remove(userId(ASHA));
  });

  it("to /egress is no account that is still being linked, whose keys it would stop waiting for", async () => {
    const { accounts } = world().deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask("/egress")).toContain("none is linked");
    await accounts.update(link._id, () => ({ account_id: "AB1234" }));
    await ask("/egress");
    expect(labels()).toEqual([link.label]);
    await accounts.remove(userId(ASHA), link._id);
  });

  it("to all orders or positions at once, which no card can close, is /panic", async () => {
    expect(await ask("/cancel ALL")).toBe("/cancel takes one order at a time; /panic cancels all of them.");
    expect(await ask("/modify all")).toBe("/modify takes one order at a time; /panic cancels all of them.");
    expect(await ask("/exit all")).toBe("/exit closes one position at a time; /panic exits all of them.");
  });

  it("to a name that means one thing, but is not what that is called, is whether it is meant", async () => {
    expect(await ask("/quote tata motors")).toBe("Is this what “tata motors” means?");
    expect(labels()).toEqual([expect.stringContaining("Tata Motors")]);
    expect(await ask("/quote nifty fut")).toBe("“nifty fut” could be several things. Which one?");
  });

  it("to a search that finds nothing is that nothing was found, not how to search", async () => {
    expect(await ask("/search zzzz")).toContain("I found nothing like “zzzz”.");
  });

  it("to alerts that are none is an example that can be armed", async () => {
    const [example = ""] = (await ask("/alert"))?.match(/\/alert \S+ [<>] \d+/) ?? [];
    expect(await ask(example)).toContain("Armed");
    for (const { _id } of await world().deps.alerts.armed(userId(ASHA)))
      await world().deps.alerts.remove(userId(ASHA), _id);
  });

  it("to a chart over a period that there is not is the periods that there are", async () => {
    const answer = await ask("/chart SBIN 7mo");
    expect(answer).toContain("I do not know the period “7mo”. Periods: 1d, 5d, 1mo, 3mo, 6mo, 1y, 2y, 5y.");
    expect(answer).toContain("Bars: 1m, 5m, 15m, 30m, 1h, 1d, 1w, 1mo.");
    expect(await ask("/chart SBIN 2h 6mo")).toContain("I do not know the period “2h”");
    expect(await ask("/chart 7mo")).toContain("I do not know “7mo”");
  });

  it("to a watchlist with a contract that is over is that it expired, not the price of what has its number now", async () => {
    const { instruments, watchlist } = world().deps;
    const [now] = await instruments.search("nifty fut", 1);
    if (now?.kind !== "future") throw new Error("no future");
    await watchlist.add(userId(ASHA), { ...now, symbol: tradingSymbol("NSE:NIFTY26OCTFUT"), expiry: "2026-10-27" });
    expect(await ask("/watch sbin")).toMatch(/NIFTY26OCTFUT +expired\nSBIN +[\d,.]+/);
  });

  it("to a list to watch with a word that is no symbol is which word that is, and none of the others is added", async () => {
    expect(await ask("/watch ITC NOSUCH INFY")).toContain("I do not know “NOSUCH”.");
    expect(await ask("/watch nosuch neither")).toContain("I do not know “nosuch neither”.");
    expect(await ask("/watch")).not.toMatch(/ITC|INFY/);
  });

  it("names the exchange of a share's second listing wherever the two may meet", async () => {
    expect(await ask("/watch SBIN, BSE:SBIN")).toMatch(/^SBIN +[\d,.]+[^]*^BSE:SBIN +[\d,.]+/m);
    chat().tapButton("Remove");
    await world().handleAll();
    expect(labels().slice(-3)).toEqual(["✕ SBIN", "✕ BSE:SBIN", "Done"]);
    for (const command of ["/quote", "/depth", "/alert"])
      expect(await ask(`${command} BSE:SBIN${command === "/alert" ? " > 9000" : ""}`)).toContain("BSE:SBIN");
    for (const symbol of ["SBIN", "BSE:SBIN"]) {
      await ask(`/buy ${symbol} 1 mis`);
      chat().tapButton("Confirm buy");
      await world().handleAll();
    }
    expect(await ask("/positions")).toMatch(
      /^BSE:SBIN INTRADAY[^]*^SBIN INTRADAY|^SBIN INTRADAY[^]*^BSE:SBIN INTRADAY/m,
    );
    await ask("/exit");
    expect(labels().toSorted()).toEqual(["BSE:SBIN 1", "SBIN 1"]);
  });

  it("to the depth of an index is that it has no book, not that its book is empty", async () => {
    expect(await ask("/depth nifty")).toBe(
      "NIFTY50 is an index: it is quoted, not traded, and has no order book. /quote has its value.",
    );
  });

  it("to /accounts says of paper that it needs no login, not that it is always open", async () => {
    expect(await ask("/accounts")).toContain("no login needed");
  });

  it("to a broker is the same by its name and by what its button says", async () => {
    for (const typed of ["angelone", "Angel One"]) {
      chat().send(`/link ${typed}`);
      await world().handleAll();
      expect(
        chat()
          .messages()
          .map(({ text }) => text),
      ).toContainEqual(expect.stringContaining("Link Angel One"));
      chat().clear();
    }
  });

  it("to a broker whose keys were wrong asks for them again, and the account keeps its name", async () => {
    expect(await ask("/link zerodha")).toContain("Send the API key");
    await ask("abcdefgh12345678");
    expect(await ask("abcdefgh12345678abcdefgh12345678")).toContain("Now log in at Zerodha");
    chat().clear();
    expect(await ask("/link zerodha")).toContain("Send the API key");
    expect(chat().messages()[1]?.text).toContain(
      "zerodha was never logged in, so its linking starts again and the keys it had",
    );
    const { accounts } = world().deps;
    const begun = (await accounts.all(userId(ASHA))).filter(({ broker_name }) => broker_name === "zerodha");
    expect(begun.map(({ label }) => label)).toEqual(["zerodha"]);
    for (const { _id } of begun) await accounts.remove(userId(ASHA), _id);
  });

  it("to what does not end the login that is waited for is what would", async () => {
    const { accounts, keyCapture } = world().deps;
    await ask("/link groww");
    expect(await ask("skip")).toContain("Now send me the TOTP token");
    expect(await ask("my token:\neyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln")).toMatch(
      /^To log in at Groww I am waiting for the TOTP token .*, and this was not it\. If it held a key or a token, delete your message\.$/,
    );
    const begun = (await accounts.all(userId(ASHA))).filter(({ broker_name }) => broker_name === "groww");
    for (const link of begun) await keyCapture.endLogin(link);
    expect(await ask("good morning")).toContain("I work by commands.");
    for (const { _id } of begun) await accounts.remove(userId(ASHA), _id);
  });

  it("to an order at an account that is switched off is not that there is none", async () => {
    const { accounts } = world().deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask(`/buy SBIN 1 on ${link.label}`)).toContain(
      `${link.label} is switched off, or its linking was not finished`,
    );
    await accounts.remove(userId(ASHA), link._id);
    expect(await ask(`/buy SBIN 1 on ${link.label}`)).toContain("No account is called");
  });

  it("to an order is the same card in whichever way it is said", async () => {
    for (const said of ["10 sbin at Rs 1,000", "10 shares of sbin at 1000/-", "sbin 10 shares @ ₹ 1000."])
      expect(await ask(`/buy ${said}`)).toMatch(/^BUY 10 SBIN[^]*limit 1,000.00/);
  });

  it("to an order of an index is at once that it is not traded, and asks for nothing", async () => {
    for (const typed of ["/buy nifty", "/sell NIFTY50 10 @ 26000"])
      expect([typed, await ask(typed)]).toEqual([
        typed,
        expect.stringContaining("is an index: it is quoted, not traded"),
      ]);
  });

  it("to an amount of money where a quantity belongs is no card of as many shares", async () => {
    expect(await ask("/buy sbin ₹50000")).toContain("“₹50000” is not a quantity");
  });

  it("where every account is switched off is not that none is linked", async () => {
    const { accounts } = world().deps;
    const [paper] = await accounts.active(userId(ASHA));
    if (!paper) throw new Error("no account");
    await accounts.update(paper._id, () => ({ is_active: false }));
    for (const typed of ["/positions", "/orders", "/pnl", "/dashboard", "/heat", "/buy SBIN 1", "/exit", "/panic"])
      expect([typed, await ask(typed)]).toEqual([
        typed,
        expect.stringContaining("None of your accounts is switched on."),
      ]);
    expect(await ask("/start")).toContain("1 account is linked.");
    await accounts.update(paper._id, () => ({ is_active: true }));
  });

  it("to a panic names the account that it leaves out because it is switched off", async () => {
    const { accounts } = world().deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask("/panic")).not.toContain(link.label);
    await accounts.update(link._id, () => ({ account_id: "AB1234" }));
    expect(await ask("/panic")).toContain(`⚪ ${link.label} is switched off: nothing is done there.`);
    await accounts.remove(userId(ASHA), link._id);
  });

  it("to a button that opens a paper account is one account, tapped twice or not", async () => {
    const { accounts } = world().deps;
    const before = await accounts.all(userId(ASHA));
    await ask("/link");
    for (let taps = 0; taps < 2; taps += 1) chat().tapButton("📄 Paper");
    await world().handleAll();
    const opened = (await accounts.all(userId(ASHA))).slice(before.length);
    expect(opened.map(({ label }) => label)).toEqual(["paper2"]);
    // The clock was set back since: the next tap is another wish all the same.
    for (const { _id } of opened)
      await accounts.update(_id, ({ created_at }) => ({ created_at: created_at + 86_400_000 }));
    await ask("/link");
    chat().tapButton("📄 Paper");
    await world().handleAll();
    const all = (await accounts.all(userId(ASHA))).filter(({ label }) => label.startsWith("paper"));
    expect(all.map(({ label }) => label).toSorted()).toEqual(["paper", "paper2", "paper3"]);
    for (const { _id, label } of all) if (label !== "paper") await accounts.remove(userId(ASHA), _id);
  });

  it("to a panic's “Read again” lets the button come to rest", async () => {
    await ask("/panic");
    chat().tapButton("Cancel all orders");
    await world().handleAll();
    const query = chat().tapButton("Read again");
    await world().handleAll();
    expect(await chat().answer(query, 1_000)).toMatchObject({ type: "answer" });
  });

  it("to a market order while no price comes is a card that names no protection, margin or charges", async () => {
    const quotes = vi.spyOn(world().deps.quotes, "forLink").mockResolvedValue(null);
    const card = await ask("/buy SBIN 10");
    quotes.mockRestore();
    expect(card).toContain("No price is available right now");
    expect(card).toContain("Available");
    expect(card).not.toMatch(/Protected|Margin|Charges/);
    expect(labels()).toEqual(["Edit", "Cancel"]);
  });

  it("to the Cancel of an order whose account was unlinked since is that, and not that nothing is open", async () => {
    const user = userId(ASHA);
    await ask("/buy SBIN 1 @ 980");
    chat().tapButton("Confirm buy");
    await world().handleAll();
    const [order] = await world().deps.journal.ofUser(user, { limit: 1, order: "desc" });
    await world().deps.accounts.remove(user, order!.legs[0]!.link);
    const tap = chat().tapButton("Cancel");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe("That account is not linked any more.");
    expect((await chat().answer(tap)).text).toBeUndefined();
    await world().settle();
  });

  it("to a button of what is gone since is that it is: a contract, and a ticket that was never confirmed", async () => {
    await ask("/buy SBIN 1");
    const [ticket] = await world().deps.journal.ofUser(userId(ASHA), { limit: 1, order: "desc" });
    const card = chat().lastFromBot()?.message_id ?? 0;
    const tap = async (data: string): Promise<string | undefined> => {
      const query = chat().tap(card, data);
      await world().handleAll();
      return (await chat().answer(query)).text;
    };
    for (const data of ["tkt:B:NFO~1", "tkw:B:1 lot:NFO~1", "qt:NFO~1", "waa:NFO~1", "chk:1y:1d:NFO~1"]) {
      await ask("/help");
      await tap(data);
      expect(chat().lastFromBot()?.text).toContain("not listed any more");
    }
    world().pass(3 * 86_400_000);
    for (const verb of ["oq", "or", "oc", "om"])
      expect(await tap(`${verb}:${ticket?._id ?? ""}:0`)).toContain("older message");
  });
});
