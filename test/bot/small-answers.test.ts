import { describe, expect, it, vi } from "vitest";
import { alertNotification } from "../../src/bot/render/alerts.ts";
import { brokerName, tradingSymbol, userId } from "../../src/domain/ids.ts";
import { BrokerError } from "../../src/errors.ts";
import type { LegState } from "../../src/domain/order-intent.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("the answer", () => {
  const world = useWorld();

  const chat = () => world().telegram.chat(ASHA);
  async function ask(typed: string): Promise<string | undefined> {
    chat().send(typed);
    await world().handleAll();
    return chat().lastFromBot()?.text;
  }
  const labels = () => (chat().lastFromBot()?.reply_markup?.inline_keyboard ?? []).flat().map(({ text }) => text);

  it("to a command copied from a message, which Telegram marks as code, is the command's", async () => {
    const copied = async (typed: string): Promise<string | undefined> => {
      world().twist(chat().send(typed).message_id, "code");
      await world().handleAll();
      return chat().lastFromBot()?.text;
    };
    expect(await copied("/quote SBIN")).toContain("State Bank of India");
    expect(await copied("/buy SBIN 10 @ 1000")).toMatch(/^BUY 10 SBIN[^]*limit 1,000.00/);
    expect(await copied("/Panic@sauda_local_bot")).toContain("Panic: everything at every broker");
  });

  it("to a command with invisible characters is the same as without them", async () => {
    expect(await ask("\u200E/quote SBIN")).toContain("State Bank of India");
    expect(await ask("/buy SBIN 10 @ \u200E1000\u200B")).toMatch(/^BUY 10 SBIN[^]*limit 1,000.00/);
  });

  it.each(["photo", "voice", "sticker", "contact", "location", "poll", "dice"])(
    "to a %s says that only text is read",
    async (kind) => {
      const { message_id: sent } = chat().send("/quote SBIN");
      world().twist(sent, kind);
      await world().handleAll();
      expect(chat().lastFromBot()?.text).toBe("I can read only text. /help lists what I can do.");
      expect(chat().lastFromBot()?.message_id).toBeGreaterThan(sent);
    },
  );

  it("to an edited message is that it is not read again: an order's card shows what was written first", async () => {
    expect(await ask("/buy SBIN 10 @ 1000")).toContain("BUY 10 SBIN");
    world().twist(chat().send("/buy SBIN 100 @ 1000").message_id, "edited");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe(
      "I do not read a message again when it is edited: what I answered to it stands. Send it as a new one.",
    );
    expect(labels()).toEqual([]);
  });

  it("to a message that Telegram sends again although nobody edited it is none", async () => {
    const asked = chat().send("/quote SBIN");
    world().twist(asked.message_id, "changed");
    await world().handleAll();
    expect(chat().messages().at(-1)).toEqual(asked);
  });

  it.each([
    ["a photo", "photo", "I can read only text."],
    ["an edited message", "edited", "I do not read a message again"],
  ])("to %s within a dialogue is the same, and the dialogue waits on", async (_, twist, answer) => {
    expect(await ask("/buy")).toContain("Which instrument?");
    world().twist(chat().send("SBIN").message_id, twist);
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toContain(answer);
    expect(await ask("SBIN")).toContain("BUY NSE:SBIN-EQ – how many?");
    expect(await ask("/cancel")).toBe("No order is open.");
  });

  it("to a service message, such as a pinned one, is none", async () => {
    const asked = chat().send("/quote SBIN");
    world().twist(asked.message_id, "service");
    await world().handleAll();
    expect(chat().messages().at(-1)).toEqual(asked);
  });

  it("to a price sent through inline mode is none, and it is not taken as an answer or a PIN", async () => {
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
    const before = chat().messages();
    const edited = chat().choose(id, results[0]?.id ?? "");
    world().twist(edited.message_id, "edited");
    await world().handleAll();
    expect(chat().messages()).toEqual([...before, edited]);
    expect(await ask("4829")).toContain("PIN set");
  });

  it("to “/lock on”, which “/lock off” undoes, is that of a bare /lock: trading is locked", async () => {
    for (const typed of ["/lock on", "/Lock ON "]) {
      expect(await ask(typed)).toContain("Locked. No order of yours is placed until /lock off.");
      expect(await ask("/lock off")).toContain("Unlocked.");
    }
  });

  it("to a /lock off that was sent before the latest /lock says that trading stays locked", async () => {
    const { orderLock } = world().deps;
    await orderLock.freeze(userId(ASHA), { date: 9e9, id: 1 });
    expect(await ask("/lock off")).toBe(
      "Trading stays locked: you sent /lock after this /lock off. Another one unlocks it.",
    );
    expect(await orderLock.state(userId(ASHA))).toMatchObject({ isFrozen: true });
    await orderLock.thaw(userId(ASHA), { date: 9e9, id: 2 });
  });

  it("to an slm order with a limit price names both ways to write a stop, and makes no ticket", async () => {
    expect(await ask("/sell SBIN 10 slm 800 @ 799")).toContain(
      "An slm order has no limit price: with one it is “sl 800 @ 799”, without one “slm 800”.",
    );
  });

  it("to a long order of an instrument that resembles none keeps none of its words: no button needs them", async () => {
    const issue = vi.spyOn(world().deps.oneTime, "issue");
    expect(await ask("/buy nosuch @ 1000 sl 990 mis on paper:10")).toContain("I do not know “nosuch”.");
    expect(issue).not.toHaveBeenCalled();
    expect(await ask("/buy tata @ 1000 sl 990 mis on paper:10")).toContain("Which one?");
    expect(issue).toHaveBeenCalledOnce();
    issue.mockRestore();
  });

  it("to /egress does not offer an account that is still being linked", async () => {
    const { accounts } = world().deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask("/egress")).toContain("none is linked");
    await accounts.update(link._id, () => ({ account_id: "AB1234" }));
    await ask("/egress");
    expect(labels()).toEqual([link.label]);
  });

  it("to /dashboard and /heat with an account's name is of that account alone, and so is what their buttons show", async () => {
    const { portfolio } = world().deps;
    const shown = () => chat().lastFromBot()?.text ?? chat().lastFromBot()?.caption;
    const tap = async (button: string) => {
      chat().tapButton(button);
      await world().handleAll();
    };
    const ofPaper2 = [userId(ASHA), "paper2"];
    world().pass(60_000);
    await ask("/link paper");
    const all = vi.spyOn(portfolio, "all");
    await ask("/dashboard on Paper2");
    await tap("Refresh");
    expect(shown()).toMatch(/^Dashboard · paper2 · 📄 Paper\n/);
    expect(all.mock.calls).toEqual([ofPaper2, ofPaper2]);
    const [part] = await portfolio.holdings(userId(ASHA), "paper2");
    const share = { symbol: "NSE:SBIN-EQ", qty: 1, t1Qty: 0, ltp: 8e6, avgPrice: 8e6, prevClose: 8e6, pnl: 0 };
    const held = vi.spyOn(portfolio, "holdings").mockResolvedValue([{ ...part, value: [share] } as never]);
    await ask("/heat paper2");
    await tap("Since bought");
    expect(shown()).toMatch(/^Holdings · paper2 · 📄 Paper\n/);
    expect(held.mock.calls).toEqual([ofPaper2, ofPaper2]);
  });

  it("to /accounts and /egress with an account's name is about that account", async () => {
    const { accounts } = world().deps;
    const { _id, label } = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask(`/accounts on ${label}`)).toMatch(/^⚪ zerodha Zerodha\n/);
    await accounts.update(_id, () => ({ account_id: "AB1234" }));
    expect(await ask("/accounts Zerodha")).toMatch(/^\S+ zerodha Zerodha AB1234\n/);
    expect(labels()).toContain("Unlink");
    expect(await ask("/accounts all")).toMatch(/^Accounts\n/);
    expect(await ask(`/egress ${label}`)).toContain("the proxy for the orders of zerodha");
    await accounts.add(userId(ASHA), brokerName("fyers"), {});
    expect(await ask("/egress fyers")).toContain("fyers is switched off, or its linking was not finished.");
    expect(await ask("/egress paper")).toBe("paper is a paper account and needs no proxy.");
    for (const command of ["/accounts", "/egress"])
      expect(await ask(`${command} nosuch`)).toBe("No account is called “nosuch”. /accounts lists yours.");
  });

  it.each(["/market tomorrow", "/settings digest off", "/users Priya", "/health zerodha", "/activity today"])(
    "to %s says how the command is sent: it takes no words, and ignores none",
    async (typed) => {
      expect(await ask(typed)).toBe(`Like this: ${typed.split(" ")[0]}`);
    },
  );

  it("to /help with a command's name is that command's line alone", async () => {
    expect(await ask("/help buy")).toBe("Trade\n/buy – Buy, with a card to confirm: /buy SBIN 10 @ 1000 mis");
    expect(await ask("/help /Positions")).toBe("Portfolio\n/positions – Open and closed positions, all accounts");
    expect(await ask("/help me")).toBe("I do not know that command. /help lists what I can do.");
    await world().deps.users.update(userId(ASHA), () => ({ role: "viewer" }));
    expect(await ask("/help users")).toBe("I do not know that command. /help lists what I can do.");
  });

  it.each(["status", "run", "history"])("to /niftyshop %s with more words says what it takes", async (verb) => {
    expect(await ask(`/niftyshop ${verb} zerodha`)).toMatch(/^Like this: \/niftyshop status, /);
  });

  it("to /egress with the proxy itself asks which account it is for, and deletes the message: it may hold a password", async () => {
    const { accounts } = world().deps;
    const { _id } = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    await accounts.update(_id, () => ({ account_id: "AB1234" }));
    for (const typed of ["/egress socks5://name:password@203.0.113.7:1080", "/egress zerodha name:password@host:1080"])
      expect(await ask(typed)).toBe("Which account is the proxy for?");
    const said = chat()
      .messages()
      .map(({ text = "" }) => text);
    expect(said.filter((text) => text.includes("password"))).toEqual([]);
  });

  it("to /cancel all and /exit all names /panic", async () => {
    expect(await ask("/cancel ALL")).toBe("/cancel takes one order at a time; /panic cancels all of them.");
    expect(await ask("/modify all")).toBe("/modify takes one order at a time; /panic cancels all of them.");
    expect(await ask("/exit all")).toBe("/exit closes one position at a time; /panic exits all of them.");
  });

  it("to a list of an unknown account says that there is none", async () => {
    const lists = ["/positions", "/holdings", "/funds", "/orders", "/trades", "/profile", "/dashboard", "/heat"];
    for (const command of lists)
      expect(await ask(`${command} nosuch`)).toBe("No account is called “nosuch”. /accounts lists yours.");
    expect(await ask("/funds on all")).toMatch(/^Funds · 📄 Paper\n/);
    expect(await ask("/funds Paper")).toContain("Funds · paper · 📄 Paper");
    chat().tapButton("Refresh");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toContain("Funds · paper · 📄 Paper");
  });

  it("to an order with two numbers asks whether the second is the price", async () => {
    const question = "That has two numbers. Is 1000 the price? /buy SBIN 10 @ 1000";
    expect(await ask("/buy SBIN 10 1000")).toBe(question);
    expect(await ask("/sell tata steel 2 150")).toContain("/sell tata steel 2 @ 150");
    expect(await ask("/buy 10 tata steel 150 mis")).toContain("/buy 10 tata steel @ 150 mis");
    expect(await ask("/sell SBIN 10 stop loss 900 898")).toContain("/sell SBIN 10 stop loss 900 @ 898");
    expect(await ask("/buy nifty 26000 5")).not.toContain("two numbers");
  });

  it("to an order with two numbers keeps its other words in the command that it proposes", async () => {
    const proposed = async (typed: string) => (await ask(typed))?.split("? ").at(-1);
    expect(await proposed("/buy SBIN 10 1,000 mis on paper")).toBe("/buy SBIN 10 @ 1,000 mis on paper");
    expect(await proposed("/sell SBIN 10 sl 900 898 mis")).toBe("/sell SBIN 10 sl 900 @ 898 mis");
  });

  it("to an order with words that it cannot read names those, and does not send the user in search of them", async () => {
    const example = "Like this: /sell SBIN 10 or /sell SBIN 10 @ 1000 mis";
    const unread = (words: string) => `I know SBIN, but not what “${words}” means here.\n${example}`;
    expect(await ask("/sell sbin half")).toBe(unread("half"));
    expect(await ask("/sell sbin 10 target 1050")).toBe(unread("target"));
    expect(await ask("/sell sbin 10 @ 1050 gtt")).toBe(unread("gtt"));
    expect(await ask("/sell sbin 10 20 30")).toBe(unread("10 20"));
    expect(await ask("/sell state bank of india 10 bracket order 990")).toBe(unread("bracket order"));
    for (const typed of ["/sell nosuch half", "/sell sensex bankex fut 1 lot"])
      expect([typed, await ask(typed)]).toEqual([typed, expect.stringContaining("/search finds instruments by name")]);
  });

  it("to an order that says buy or sell once more takes it as said once", async () => {
    expect(await ask("/buy sbin buy 10")).toMatch(/^BUY 10 SBIN/);
    expect(await ask("/buy sbin sell 10")).toContain("not what “sell” means here");
  });

  it("to an option whose strike stands where the quantity does asks how many, instead of buying that many", async () => {
    expect(await ask("/buy nifty put 26000")).toBe(
      "Is 26000 the strike? Say how many, too: /buy nifty put 26000 1 lot",
    );
    expect(await ask("/buy NIFTY dec 26,000 mis")).toContain("too: /buy NIFTY dec 26,000 1 lot mis");
    expect(await ask("/buy nifty put 65")).toContain("Which one?");
    expect(await ask("/buy nifty put 26000 qty")).toContain("Which one?");
    expect(await ask("/buy SBIN 1000")).toMatch(/^BUY 1,000 SBIN/);
  });

  it("to a delivery sale of shares that are not held says that none are", async () => {
    expect(await ask("/sell SBIN 5")).toContain("⛔ paper holds none of these. Only intraday (mis) sells short.");
  });

  it("to a name with a single match asks whether that is meant", async () => {
    expect(await ask("/quote tata motors")).toBe("Is this what “tata motors” means?");
    expect(labels()).toEqual([expect.stringContaining("Tata Motors")]);
    expect(await ask("/quote nifty fut")).toBe("“nifty fut” could be several things. Which one?");
  });

  it("to a search without results says that nothing was found", async () => {
    expect(await ask("/search zzzz")).toContain("I found nothing like “zzzz”.");
  });

  it("to /alert while messages of alerts are switched off says that none will be sent", async () => {
    const { users } = world().deps;
    const warning = "Alerts are switched off in /settings: when one goes off, nothing is sent.";
    const set = (delivery: "on" | "off") =>
      users.update(userId(ASHA), ({ settings }) => ({ settings: { ...settings, alerts: delivery } }));
    await set("off");
    expect(await ask("/alert SBIN > 9000")).toContain(warning);
    expect(await ask("/alert")).toContain(warning);
    await set("on");
    expect(await ask("/alert")).not.toContain(warning);
    expect(await ask("/alert SBIN > 9001")).not.toContain(warning);
  });

  it("to Quote under an alert that went off is a message of its own: the alert's order stays to be tapped", async () => {
    const { accounts, calendar, instruments } = world().deps;
    const found = await instruments.resolve("SBIN");
    const quote = { ltp: 1, prevClose: null, at: null, source: "broker" };
    const alert = { instrument: found.kind === "one" && found.instrument, condition: { kind: "above", price: 1 } };
    const reader = { accounts, calendar: calendar.current(), now: 0, hidesAmounts: false, mayTrade: true };
    const { buttons = [] } = alertNotification(alert as never, { kind: "price", quote } as never, reader);
    const data = buttons.flat().find(({ text }) => text === "Quote")?.data ?? "";
    await ask("/help");
    const shown = chat().lastFromBot();
    chat().tap(shown?.message_id ?? 0, data);
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toContain("State Bank of India");
    expect(
      chat()
        .messages()
        .find(({ message_id: id }) => id === shown?.message_id)?.text,
    ).toBe(shown?.text);
  });

  it("to /alert without alerts has an example that works", async () => {
    const [example = ""] = (await ask("/alert"))?.match(/\/alert \S+ [<>] \d+/) ?? [];
    expect(await ask(example)).toContain("Armed");
  });

  it("to a chart with an unknown period lists the known ones", async () => {
    const answer = await ask("/chart SBIN 7mo");
    expect(answer).toContain("I do not know the period “7mo”. Periods: 1d, 5d, 1mo, 3mo, 6mo, 1y, 2y, 5y.");
    expect(answer).toContain("Bars: 1m, 5m, 15m, 30m, 1h, 1d, 1w, 1mo.");
    expect(await ask("/chart SBIN 2h 6mo")).toContain("I do not know the period “2h”");
    expect(await ask("/chart 7mo")).toContain("I do not know “7mo”");
  });

  it("to a chart that only Yahoo could have and lacks says so, and speaks of no account there", async () => {
    const failing = async (kind: "rejected" | "unreachable"): Promise<string | undefined> => {
      const failure = new BrokerError(kind, "Yahoo failed", { broker: brokerName("yahoo"), endpoint: "GET /chart" });
      const candles = vi.spyOn(world().deps.candles, "forLink").mockRejectedValueOnce(failure);
      const answer = await ask("/chart SBIN");
      candles.mockRestore();
      return answer;
    };
    expect(await failing("rejected")).toContain("Yahoo has no prices of this.");
    expect(await failing("unreachable")).toBe("⚠️ Yahoo gives no prices right now. Try again in a moment.");
  });

  it("to /watch marks an expired contract, and does not show the price of the contract that has its token now", async () => {
    const { instruments, watchlist } = world().deps;
    const [now] = await instruments.search("nifty fut", 1);
    if (now?.kind !== "future") throw new Error("no future");
    await watchlist.add(userId(ASHA), { ...now, symbol: tradingSymbol("NSE:NIFTY26OCTFUT"), expiry: "2026-10-27" });
    expect(await ask("/watch sbin")).toMatch(/NIFTY26OCTFUT +expired\nSBIN +[\d,.]+/);
  });

  it("to /watch with an unknown symbol names that symbol and adds none of the others", async () => {
    expect(await ask("/watch ITC NOSUCH INFY")).toContain("I do not know “NOSUCH”.");
    expect(await ask("/watch nosuch neither")).toContain("I do not know “nosuch neither”.");
    expect(await ask("/watch")).not.toMatch(/ITC|INFY/);
  });

  it("names the exchange of a share's BSE listing, which may stand beside the NSE one", async () => {
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

  const watched = async () => (await world().deps.watchlist.of(userId(ASHA))).map(({ symbol }) => symbol);

  it("to /watch with one name of several instruments asks which one, and adds the other names too", async () => {
    expect(await ask("/watch ITC tata INFY")).toBe("“tata” could be several things. Which one?");
    const [choice = ""] = labels();
    chat().tapButton(choice);
    await world().handleAll();
    const [ticker = ""] = choice.split(" ");
    expect(await watched()).toEqual(expect.arrayContaining(["NSE:ITC-EQ", "NSE:INFY-EQ", `NSE:${ticker}-EQ`]));
    expect(chat().lastFromBot()?.text).toMatch(new RegExp(`^${ticker} +[\\d,.]+`, "m"));
  });

  it("to /watch with commas takes what stands between them as one name, like a contract in plain words", async () => {
    expect(await ask("/watch banknifty dec fut, SBIN")).toMatch(/^SBIN +[\d,.]+/m);
    const [future] = await world().deps.instruments.search("banknifty dec fut", 1);
    expect(await watched()).toEqual(expect.arrayContaining(["NSE:SBIN-EQ", future?.symbol]));
    expect(await ask("/watch WIPRO TCS, tata")).toContain("could be several things");
    expect(await watched()).toEqual(expect.arrayContaining(["NSE:WIPRO-EQ", "NSE:TCS-EQ"]));
  });

  it("to /watch with a name of two words adds it and the other names", async () => {
    expect(await ask("/watch MARUTI hdfc bank WIPRO")).toMatch(/^HDFCBANK +[\d,.]+/m);
    expect(await watched()).toEqual(expect.arrayContaining(["NSE:MARUTI-EQ", "NSE:HDFCBANK-EQ", "NSE:WIPRO-EQ"]));
  });

  it("to the depth of an index says that it has no order book, not that the book is empty", async () => {
    expect(await ask("/depth nifty")).toBe(
      "NIFTY50 is an index: it is quoted, not traded, and has no order book. /quote has its value.",
    );
  });

  it("to a repeated tap on the amounts' setting is the setting that the tap was for", async () => {
    const hidden = async (): Promise<boolean | undefined> =>
      (await world().deps.users.get(userId(ASHA)))?.settings.hidesAmounts;
    await ask("/settings");
    for (const [label, isHidden] of [
      ["Amounts: rupees", true],
      ["Amounts: percent", false],
    ] as const) {
      chat().tapButton(label);
      await world().handleAll(2);
      expect(await hidden()).toBe(isHidden);
    }
  });

  it("to a repeated tap on an account's prices is the source that the tap was for", async () => {
    const { accounts } = world().deps;
    const { _id } = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    const { label } = await accounts.update(_id, () => ({ account_id: "AB1234", is_active: true }));
    await ask("/accounts");
    chat().tapButton(label);
    await world().handleAll();
    const tapTwice = async (button: string): Promise<string | undefined> => {
      chat().tapButton(button);
      await world().handleAll(2);
      return (await accounts.get(userId(ASHA), _id))?.data_source;
    };
    expect(await tapTwice("Prices: Zerodha")).toBe("yfinance");
    expect(await tapTwice("Prices: Yahoo")).toBe("broker");
    await ask("/settings");
    expect(await tapTwice(`Prices of ${label}: Zerodha`)).toBe("yfinance");
  });

  it("to /accounts says that paper needs no login", async () => {
    expect(await ask("/accounts")).toContain("no login needed");
  });

  it("to /link is the same for a broker's short name and its title", async () => {
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

  it("to linking again after wrong keys asks for new ones, and the account keeps its label", async () => {
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
  });

  it("to New keys on an account that was never logged in is that of linking again: no keys are in force", async () => {
    await ask("/link zerodha");
    await ask("abcdefgh12345678");
    const { accounts } = world().deps;
    const begun = (await accounts.all(userId(ASHA))).find(({ broker_name }) => broker_name === "zerodha");
    if (!begun) throw new Error("no link");
    await ask("/accounts");
    chat().tap(chat().lastFromBot()?.message_id ?? 0, `ak:${begun._id}`);
    await world().handleAll();
    const [shown, asked] = chat().messages().slice(-2);
    expect(shown?.text).toContain("zerodha was never logged in, so its linking starts again and the keys it had");
    expect(asked?.text).toContain("Send the API key");
    expect((await accounts.get(userId(ASHA), begun._id))?.credentials).toEqual({});
    await accounts.remove(userId(ASHA), begun._id);
  });

  it("to a message that does not complete the pending login says what would", async () => {
    const { accounts, keyCapture } = world().deps;
    await ask("/link groww");
    expect(await ask("skip")).toContain("Now send me the TOTP token");
    expect(await ask("my token:\neyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln")).toMatch(
      /^To log in at Groww I am waiting for the TOTP token .*, and this was not it\. If it held a key or a token, delete your message\.$/,
    );
    const begun = (await accounts.all(userId(ASHA))).filter(({ broker_name }) => broker_name === "groww");
    for (const link of begun) await keyCapture.endLogin(link);
    expect(await ask("good morning")).toContain("I work by commands.");
  });

  it.each([
    "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl",
    "https://sauda.example/?status=success&request_token=abc123",
    "http://127.0.0.1/?s=ok&code=200&auth_code=abc",
  ])(
    "to a token or a login's end that nothing awaits says so and deletes it, also inside a dialogue: %s",
    async (text) => {
      expect(await ask("/buy")).toContain("Which instrument?");
      expect(await ask(text)).toContain("It is not kept, and must not stay in the chat.");
      expect(
        chat()
          .messages()
          .some((message) => message.text === text),
      ).toBe(false);
      expect(await ask("/cancel")).not.toContain("not kept");
    },
  );

  it("to an address that ends no login is that of any plain text", async () => {
    expect(await ask("https://news.example/markets?id=12345678")).toContain("I work by commands.");
  });

  it("to an order at a switched-off account says that, not that there is no such account", async () => {
    const { accounts } = world().deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask(`/buy SBIN 1 on ${link.label}`)).toContain(
      `${link.label} is switched off, or its linking was not finished`,
    );
    await accounts.remove(userId(ASHA), link._id);
    expect(await ask(`/buy SBIN 1 on ${link.label}`)).toContain("No account is called");
  });

  it.each(["/accounts", "/alert"])("to %s says at what time, which its Refresh button renews", async (command) => {
    expect(await ask(command)).toMatch(/\n\d\d:\d\d:\d\d IST$/);
    expect(labels()).toContain("Refresh");
  });

  it("to an order “on” an exchange, or with one at its end, says where the exchange goes, and does not look for such an account", async () => {
    for (const said of ["/buy SBIN 10 on bse", "/sell 10 SBIN on NSE"])
      expect(await ask(said)).toBe("“on” names an account. An exchange goes before the symbol: /buy BSE:SBIN 10.");
    expect(await ask("/buy BSE:SBIN 10")).toContain("BSE:SBIN · State Bank of India");
    expect(await ask("/sell SBIN 10 bse @ 1000 mis")).toBe(
      "An exchange goes before the symbol: /sell bse SBIN 10 @ 1000 mis",
    );
    expect(await ask("/sell bse SBIN 10 @ 1000 mis")).toContain("BSE:SBIN · State Bank of India");
  });

  it("to an order is the same card for each of its wordings", async () => {
    for (const said of ["10 sbin at Rs 1,000", "10 shares of sbin at 1000/-", "sbin 10 shares @ ₹ 1000."])
      expect(await ask(`/buy ${said}`)).toMatch(/^BUY 10 SBIN[^]*limit 1,000.00/);
  });

  it("to an order for an index says at once that it is not traded", async () => {
    for (const typed of ["/buy nifty", "/sell NIFTY50 10 @ 26000"])
      expect([typed, await ask(typed)]).toEqual([
        typed,
        expect.stringContaining("is an index: it is quoted, not traded"),
      ]);
  });

  it("to an amount of money in place of a quantity is a refusal, not a card for that many shares", async () => {
    expect(await ask("/buy sbin ₹50000")).toContain("“₹50000” is not a quantity");
  });

  it("says that every account is switched off, not that none is linked", async () => {
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

  it("to /panic names an account that is left out because it is switched off", async () => {
    const { accounts } = world().deps;
    const link = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    expect(await ask("/panic")).not.toContain(link.label);
    await accounts.update(link._id, () => ({ account_id: "AB1234" }));
    expect(await ask("/panic")).toContain(`⚪ ${link.label} is switched off: nothing is done there.`);
  });

  it("to a double tap on the paper button is one account", async () => {
    const { accounts } = world().deps;
    const before = await accounts.all(userId(ASHA));
    world().pass(60_000);
    await ask("/link");
    for (let taps = 0; taps < 2; taps += 1) chat().tapButton("📄 Paper");
    await world().handleAll();
    const opened = (await accounts.all(userId(ASHA))).slice(before.length);
    expect(opened.map(({ label }) => label)).toEqual(["paper2"]);
    // Created in the future, as after the clock was set back: another tap must still open another account.
    for (const { _id } of opened)
      await accounts.update(_id, ({ created_at }) => ({ created_at: created_at + 86_400_000 }));
    await ask("/link");
    chat().tapButton("📄 Paper");
    await world().handleAll();
    const all = (await accounts.all(userId(ASHA))).filter(({ label }) => label.startsWith("paper"));
    expect(all.map(({ label }) => label).toSorted()).toEqual(["paper", "paper2", "paper3"]);
  });

  it("to a panic's “Read again” stops the button from spinning", async () => {
    await ask("/panic");
    chat().tapButton("Cancel all orders");
    await world().handleAll();
    const query = chat().tapButton("Read again");
    await world().handleAll();
    expect(await chat().answer(query, 1_000)).toMatchObject({ type: "answer" });
  });

  it("to a market order without a price is a card without protection, margin and charges", async () => {
    const quotes = vi.spyOn(world().deps.quotes, "forLink").mockResolvedValue(null);
    const card = await ask("/buy SBIN 10");
    quotes.mockRestore();
    expect(card).toContain("No price is available right now");
    expect(card).toContain("Available");
    expect(card).not.toMatch(/Protected|Margin|Charges/);
    expect(labels()).toEqual(["Edit", "Cancel"]);
  });

  it("to typing the keys of an account that was unlinked meanwhile says that it is gone", async () => {
    await ask("/accounts");
    chat().tap(chat().lastFromBot()?.message_id ?? 0, "lkh:l0ngg0ne00");
    await world().handleAll();
    expect(chat().lastFromBot()?.text).toBe("That account is not linked any more.");
  });

  it("to unlinking an account warns of the orders there that may be open", async () => {
    const { accounts, journal } = world().deps;
    const { _id } = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
    const { label } = await accounts.update(_id, () => ({ account_id: "AB1234", is_active: true }));
    const question = async (...states: LegState[]): Promise<string | undefined> => {
      const intent = { legs: states.map((state) => ({ link: _id, state })) } as unknown as Intent;
      const recent = vi.spyOn(journal, "recent").mockResolvedValue([intent]);
      await ask("/accounts");
      for (const button of [label, "Unlink"]) {
        chat().tapButton(button);
        await world().handleAll();
      }
      recent.mockRestore();
      return chat().lastFromBot()?.text;
    };
    expect(await question("working", "unknown", "filled")).toContain("2 orders there may be open");
    expect(await question("sending")).toContain("An order there may be open");
    expect(await question("filled", "not-sent")).not.toContain("may be open");
  });

  it("to cancelling an order of an unlinked account says that, not that nothing is open", async () => {
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

  it("to the button of an expired contract or a deleted ticket says that it is gone", async () => {
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
