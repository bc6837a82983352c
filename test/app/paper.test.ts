import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Access, BrokerConnector, ConnectorDeps, DataSource, LoginGrant } from "../../connectors/base.ts";
import { createLivePaper } from "../../src/app/paper.ts";
import { depthLink, priceLink } from "../../src/bot/price-link.ts";
import type { Link } from "../../src/services/accounts/accounts.ts";
import type { BotDeps } from "../../src/bot/commands.ts";
import type { TradingCalendar } from "../../src/domain/calendar.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import { orderTag, type InstrumentKey, type LinkId, type UserId } from "../../src/domain/ids.ts";
import { paiseFromRupees, priceFromRupees } from "../../src/domain/money.ts";
import type { Order, OrderRequest } from "../../src/domain/order.ts";
import type { Quote } from "../../src/domain/portfolio.ts";
import { ConfigError } from "../../src/errors.ts";
import { loadCalendar } from "../../src/services/calendar.ts";

const NOW = istInstant("2026-11-23", "10:42");

const NO_PRICES: DataSource = {
  name: "yfinance",
  getQuotes: async () => new Map(),
  getHistoricalData: async () => [],
};

/** What Yahoo knows: one price in rupees for every share, or none. */
interface Outside {
  now: number;
  rupees: number | null;
  /** The time of its prices; now if absent. */
  pricedAt?: number;
  /** What each answer waits for, in the order of the requests. */
  answers?: Promise<void>[];
  /** The symbols of each request. */
  asked?: string[][];
  calendar?: TradingCalendar;
}

const SHIPPED = loadCalendar(null);

async function paperBeside(outside: Outside = { now: NOW, rupees: null }, dataDir = emptyDir()) {
  const now = () => outside.now;
  const prices = {
    name: "yfinance" as const,
    getQuotes: async (wanted: readonly Instrument[]) => {
      outside.asked?.push(wanted.map(({ symbol }) => symbol));
      await outside.answers?.shift();
      return new Map(wanted.flatMap((each) => quoteOf(each, outside)));
    },
    getHistoricalData: async () => [],
  };
  const clock = { now, sleep: async () => undefined };
  const paper = createLivePaper({
    dataDir,
    clock,
    prices,
    calendar: () => outside.calendar ?? SHIPPED,
    failures: IGNORED,
  });
  onTestFinished(() => paper.close());
  return { ...paper, connector: await paper.definition.create({ now } as ConnectorDeps) };
}

function emptyDir(): string {
  const dataDir = mkdtempSync(join(tmpdir(), "paper-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  return dataDir;
}

function quoteOf({ key, symbol }: Instrument, { now, rupees, pricedAt = now }: Outside): [InstrumentKey, Quote][] {
  if (rupees === null) return [];
  const ltp = priceFromRupees(rupees);
  const unknown = { open: null, high: null, low: null, bid: null, ask: null, volume: null, openInterest: null };
  const circuit = { lowerCircuit: null, upperCircuit: null };
  return [[key, { key, symbol, ltp, prevClose: ltp, ...unknown, ...circuit, at: pricedAt, source: "yfinance" }]];
}

async function listedAt(connector: BrokerConnector): Promise<Instrument[]> {
  const found: Instrument[] = [];
  for await (const { instrument } of connector.getInstruments?.({ onSkipped: () => undefined }) ?? [])
    found.push(instrument);
  return found;
}

const IGNORED = { failed: () => undefined, recovered: () => undefined };
const ACCESS = { link: "l1" as LinkId } as Access;

function buy({ key, symbol }: Instrument, limit: number): OrderRequest {
  const terms = { type: "LIMIT", price: priceFromRupees(limit) } as const;
  const order = { side: "BUY", productType: "INTRADAY", validity: "DAY", isAmo: false, qty: 10, terms } as const;
  return { ...order, tag: orderTag("sd1"), key, symbol };
}

describe("the paper broker beside real ones", () => {
  it("fails the start when its file is damaged, but only when it is opened", async () => {
    const dataDir = emptyDir();
    writeFileSync(join(dataDir, "paper.json"), "{}");
    const clock = { now: () => NOW, sleep: async () => undefined };
    const paper = createLivePaper({
      dataDir,
      clock,
      prices: NO_PRICES,
      calendar: () => SHIPPED,
      failures: IGNORED,
    });
    expect(paper.definition.isPaper).toBe(true);
    await expect(paper.open()).rejects.toBeInstanceOf(ConfigError);
  });

  it("offers no market depth, since its own is made up", async () => {
    const { definition, connector } = await paperBeside();
    const [first] = await listedAt(connector);
    expect(definition.capabilities).toMatchObject({ depth: false, candles: false });
    await expect(connector.getOrderbook({} as Access, first as Instrument)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("asks for prices again after the machine's clock was set back", async () => {
    const outside: Outside = { now: NOW, rupees: 800 };
    const { connector } = await paperBeside(outside);
    const sbin = (await listedAt(connector)).filter(({ symbol }) => symbol === "NSE:SBIN-EQ");
    await connector.getQuotes(ACCESS, sbin);
    outside.now -= 3_600_000;
    outside.rupees = 805;
    const quotes = await connector.getQuotes(ACCESS, sbin);
    expect([...quotes.values()].map(({ ltp }) => ltp)).toEqual([priceFromRupees(805)]);
  });

  it("quotes one share as it quotes many, and none without a real price", async () => {
    const outside: Outside = { now: NOW, rupees: 800 };
    const { connector } = await paperBeside(outside);
    const sbin = (await listedAt(connector)).find(({ symbol }) => symbol === "NSE:SBIN-EQ")!;
    const many = await connector.getQuotes(ACCESS, [sbin]);
    expect(await connector.getQuote(ACCESS, sbin)).toEqual(many.get(sbin.key));
    expect(many.get(sbin.key)).toMatchObject({ ltp: priceFromRupees(800) });
    const { connector: bare } = await paperBeside({ now: NOW, rupees: null });
    await expect(bare.getQuote(ACCESS, sbin)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("asks for the prices of shares that are held, ordered or being looked at, not of all that were ever looked at", async () => {
    const asked: string[][] = [];
    const outside: Outside = { now: NOW, rupees: 800, asked };
    const { connector } = await paperBeside(outside);
    const [held, waited, glanced, looked] = await listedAt(connector);
    await connector.getQuotes(ACCESS, [glanced!]);
    await connector.placeOrder(ACCESS, buy(held!, 810));
    await connector.placeOrder(ACCESS, buy(waited!, 700));
    outside.now += 60_000;
    asked.length = 0;
    await connector.getQuotes(ACCESS, [looked!, held!]);
    expect(asked.map((symbols) => symbols.toSorted())).toEqual([
      [held!.symbol, waited!.symbol, looked!.symbol].toSorted(),
    ]);
  });

  it("keeps the holidays and special hours of the bot's calendar, from a calendar.json too", async () => {
    const days = new Map(SHIPPED.days)
      .set("2026-11-25", { kind: "holiday", name: "By circular" })
      .set("2026-11-28", { kind: "special", name: "Mock", hours: { start: "10:00", end: "12:00" } });
    const outside: Outside = { now: istInstant("2026-11-07", "11:00"), rupees: 800, calendar: { ...SHIPPED, days } };
    const { connector } = await paperBeside(outside);
    const [share] = await listedAt(connector);
    const placedAt = async (date: string, time: string): Promise<string> => {
      outside.now = istInstant(date, time);
      return (await connector.placeOrder(ACCESS, buy(share!, 810))).kind;
    };
    for (const time of ["11:00", "18:30"]) expect(await placedAt("2026-11-08", time)).toBe("rejected");
    expect(await placedAt("2026-11-25", "11:00")).toBe("rejected");
    expect(await placedAt("2026-11-27", "11:00")).toBe("accepted");
    expect(await placedAt("2026-11-28", "09:59")).toBe("rejected");
    expect(await placedAt("2026-11-28", "10:00")).toBe("accepted");
    expect(await placedAt("2026-11-28", "11:49")).toBe("accepted");
    // The order is for intraday, which is squared off by then.
    expect(await placedAt("2026-11-28", "11:50")).toBe("rejected");
  });

  it.each(["another order is placed", "another account is opened"])(
    "squares off at the current price, though %s before anybody asks for prices",
    async (first) => {
      const outside: Outside = { now: NOW, rupees: 800 };
      const { connector } = await paperBeside(outside);
      const [held, other] = await listedAt(connector);
      await connector.placeOrder(ACCESS, buy(held!, 810));
      Object.assign(outside, { now: istInstant("2026-11-23", "16:00"), rupees: 805 });
      if (first === "another order is placed") await connector.placeOrder(ACCESS, buy(other!, 810));
      else await connector.generateSession({ link: "l2" as LinkId } as LoginGrant);
      expect((await connector.getTrades(ACCESS)).at(-1)).toMatchObject({ side: "SELL", price: priceFromRupees(805) });
    },
  );

  it("knows the price of a share bought at BSE once it is a holding, kept under its NSE name", async () => {
    const outside: Outside = { now: NOW, rupees: 800 };
    const { connector } = await paperBeside(outside);
    const share = (await listedAt(connector)).find(({ symbol }) => symbol === "BSE:RELIANCE");
    await connector.placeOrder(ACCESS, { ...buy(share!, 810), productType: "CNC" });
    expect(await connector.getPositions(ACCESS)).toMatchObject([{ qty: 10 }]);
    outside.now += 86_400_000;
    expect(await connector.getHoldings(ACCESS)).toMatchObject([{ qty: 10, ltp: priceFromRupees(800) }]);
  });
});

describe("the paper broker beside real ones after a restart", () => {
  const EVENING = istInstant("2026-11-23", "16:00");

  /** Buys ten shares intraday at 800 and closes the broker; a test may then change its file. */
  async function bought(dataDir: string): Promise<void> {
    const paper = await paperBeside({ now: NOW, rupees: 800 }, dataDir);
    const { connector } = paper;
    const sbin = (await listedAt(connector)).find(({ symbol }) => symbol === "NSE:SBIN-EQ");
    if (!sbin) throw new Error("not listed");
    await connector.placeOrder(ACCESS, buy(sbin, 810));
    await paper.close();
  }
  const forgetPrices = (dataDir: string): void => {
    const file = join(dataDir, "paper.json");
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), prices: [] }));
  };

  it("values holdings at the last real price while there is no newer one", async () => {
    const dataDir = emptyDir();
    await bought(dataDir);
    const again = await paperBeside({ now: NOW + 60_000, rupees: null }, dataDir);
    expect(await again.connector.getPositions(ACCESS)).toMatchObject([{ qty: 10, ltp: priceFromRupees(800) }]);
    await again.close();
    const third = await paperBeside({ now: NOW + 120_000, rupees: null }, dataDir);
    await third.close();
    const fourth = await paperBeside({ now: NOW + 180_000, rupees: null }, dataDir);
    expect(await fourth.connector.getPositions(ACCESS)).toMatchObject([{ ltp: priceFromRupees(800) }]);
  });

  it("answers no reads or changes and squares off nothing while no real price is known, and does both at the first price", async () => {
    const dataDir = emptyDir();
    await bought(dataDir);
    forgetPrices(dataDir);
    const outside: Outside = { now: EVENING, rupees: null };
    const { connector } = await paperBeside(outside, dataDir);
    await listedAt(connector);
    await expect(connector.getPositions(ACCESS)).rejects.toMatchObject({
      message: expect.stringMatching(/real prices/),
    });
    await expect(connector.getFunds(ACCESS)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await connector.cancelOrder(ACCESS, {} as Order)).toMatchObject({ kind: "rejected" });
    outside.rupees = 805;
    outside.now += 60_000;
    expect(await connector.getPositions(ACCESS)).toMatchObject([{ qty: 0, realised: paiseFromRupees("49.50") }]);
    expect((await connector.getTrades(ACCESS)).map(({ price }) => price)).toEqual([
      expect.anything(),
      priceFromRupees(805),
    ]);
  });

  it("does not fill a day's order at a price of the next day", async () => {
    const outside: Outside = { now: NOW, rupees: 800 };
    const { connector } = await paperBeside(outside);
    const sbin = (await listedAt(connector)).find(({ symbol }) => symbol === "NSE:SBIN-EQ");
    if (!sbin) throw new Error("not listed");
    await connector.placeOrder(ACCESS, { ...buy(sbin, 790), productType: "CNC" });
    expect(await connector.getOrders(ACCESS)).toMatchObject([{ status: "open" }]);
    outside.now = istInstant("2026-11-25", "09:20");
    outside.rupees = 780;
    expect(await connector.getHoldings(ACCESS)).toEqual([]);
    expect(await connector.getOrders(ACCESS)).toEqual([]);
  });

  it("fills nothing at the last session's price in the first minutes of a session, while there is no newer one", async () => {
    const outside: Outside = { now: istInstant("2026-11-23", "09:16"), rupees: 800 };
    outside.pricedAt = istInstant("2026-11-20", "15:29");
    const { connector } = await paperBeside(outside);
    const sbin = (await listedAt(connector)).find(({ symbol }) => symbol === "NSE:SBIN-EQ");
    if (!sbin) throw new Error("not listed");
    const stop = { type: "SL", triggerPrice: priceFromRupees(801), price: priceFromRupees(820) } as const;
    await connector.placeOrder(ACCESS, buy(sbin, 830));
    await connector.placeOrder(ACCESS, { ...buy(sbin, 830), validity: "IOC" });
    await connector.placeOrder(ACCESS, { ...buy(sbin, 820), terms: stop });
    await connector.placeOrder(ACCESS, buy(sbin, 805));
    const statuses = async () => (await connector.getOrders(ACCESS)).map(({ status }) => status);
    expect(await statuses()).toEqual(["open", "cancelled", "trigger-pending", "open"]);
    outside.now += 5 * 60_000;
    expect(await statuses()).toEqual(["open", "cancelled", "trigger-pending", "open"]);
    Object.assign(outside, { now: outside.now + 60_000, pricedAt: outside.now, rupees: 810 });
    expect(await statuses()).toEqual(["filled", "cancelled", "filled", "open"]);
    Object.assign(outside, { now: outside.now + 60_000, pricedAt: outside.now, rupees: 790 });
    expect(await statuses()).toEqual(["filled", "cancelled", "filled", "filled"]);
    // Orders that the price had already passed fill at the market price; the one that the price reached fills at its limit.
    expect((await connector.getTrades(ACCESS)).map(({ price }) => price)).toEqual(
      ["810.05", "810.05", "805"].map(priceFromRupees),
    );
  });

  it("waits for the prices of held shares, though another share's arrive sooner", async () => {
    const dataDir = emptyDir();
    await bought(dataDir);
    const outside: Outside = { now: NOW + 60_000, rupees: 805 };
    const first = Promise.withResolvers<void>();
    outside.answers = [first.promise];
    const { connector } = await paperBeside(outside, dataDir);
    const other = (await listedAt(connector)).find(({ symbol }) => symbol === "NSE:TCS-EQ");
    const read = connector.getPositions(ACCESS);
    const quoted = connector.getQuotes(ACCESS, other ? [other] : []);
    setTimeout(first.resolve, 20);
    const [positions, quotes] = await Promise.all([read, quoted, connector.getFunds(ACCESS)]);
    expect(positions).toMatchObject([{ ltp: priceFromRupees(805) }]);
    expect(quotes.size).toBe(1);
  });

  it("squares off at the current price, though its instruments are read before anybody asks for prices", async () => {
    const dataDir = emptyDir();
    await bought(dataDir);
    const { connector } = await paperBeside({ now: EVENING, rupees: 805 }, dataDir);
    await listedAt(connector);
    expect((await connector.getTrades(ACCESS)).at(-1)).toMatchObject({ side: "SELL", price: priceFromRupees(805) });
  });
});

describe("the account that prices come from", () => {
  const linkFrom = (links: readonly Pick<Link, "label" | "data_source">[], defaultLink: string | null) => {
    const accounts = {
      active: async () => links.map((link) => ({ ...link, _id: link.label })),
      broker: ({ label }: Pick<Link, "label">) => ({ definition: { isPaper: label === "paper" } }),
      hasSession: ({ label }: Pick<Link, "label">) => label !== "dead",
    };
    const user = { _id: "1" as UserId, defaultLink: defaultLink as LinkId | null };
    return priceLink({ accounts } as unknown as BotDeps, user).then((link) => link?.label ?? null);
  };
  const [paper, acme, zenith, dead] = ["paper", "acme", "zenith", "dead"].map(
    (label) => ({ label, data_source: "broker" }) as const,
  ) as [Link, Link, Link, Link];
  const slow = { ...acme, data_source: "yfinance" } as const;

  it("is the default account, but a real broker's if the default is a paper account, whose prices are Yahoo's", async () => {
    expect(await linkFrom([paper, acme, zenith], "zenith")).toBe("zenith");
    expect(await linkFrom([paper, acme, zenith], "paper")).toBe("acme");
    expect(await linkFrom([paper, acme], null)).toBe("acme");
    expect(await linkFrom([paper, dead], "paper")).toBe("paper");
    expect(await linkFrom([paper], "paper")).toBe("paper");
  });

  it("is one whose data source is Yahoo only when it is the default itself", async () => {
    expect(await linkFrom([slow, zenith], "acme")).toBe("acme");
    expect(await linkFrom([paper, slow, zenith], "paper")).toBe("zenith");
    expect(await linkFrom([paper, slow], "paper")).toBe("paper");
  });
});

describe("the account that market depth comes from", () => {
  const DEPTHS: Readonly<Record<string, boolean>> = { paper: false, acme: true, zenith: true };
  const linkFrom = (names: readonly string[], defaultLink: string | null, loggedIn: readonly string[] = names) => {
    const accounts = {
      active: async () => names.map((name) => ({ _id: name, broker_name: name })),
      broker: ({ broker_name }: { broker_name: string }) => ({
        definition: { capabilities: { depth: DEPTHS[broker_name] } },
      }),
      hasSession: ({ _id }: { _id: string }) => loggedIn.includes(_id),
    };
    const user = { _id: "1" as UserId, defaultLink: defaultLink as LinkId | null };
    return depthLink({ accounts } as unknown as BotDeps, user).then((link) => link?._id ?? null);
  };

  it("is the default account if its broker offers depth, else one whose broker does, preferably one that is logged in", async () => {
    expect(await linkFrom(["paper", "acme", "zenith"], "zenith")).toBe("zenith");
    expect(await linkFrom(["paper", "acme", "zenith"], "paper")).toBe("acme");
    expect(await linkFrom(["paper", "acme", "zenith"], "paper", ["zenith"])).toBe("zenith");
    expect(await linkFrom(["paper", "acme"], "paper", [])).toBe("acme");
    expect(await linkFrom(["paper"], "paper")).toBeNull();
    expect(await linkFrom([], null)).toBeNull();
  });
});
