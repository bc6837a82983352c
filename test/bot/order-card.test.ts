import { describe, expect, it } from "vitest";
import { cardHeading, orderCard } from "../../src/bot/render/order-card.ts";
import { unbookedOrders } from "../../src/bot/render/our-orders.ts";
import { reasonWords } from "../../src/bot/render/reason-words.ts";
import { brokerOrderId, linkId, orderTag } from "../../src/domain/ids.ts";
import { priceFromRupees, ZERO_PRICE } from "../../src/domain/money.ts";
import { istInstant } from "../../src/domain/market.ts";
import type { NotSentCause, Order } from "../../src/domain/order.ts";
import type { BookedTerms, Leg, LegChange } from "../../src/domain/order-intent.ts";
import type { Accounts, Link } from "../../src/services/accounts/accounts.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { SBIN } from "../services/stub-broker.ts";

const NOW = istInstant("2026-11-23", "10:42");
const leg: Leg = {
  link: linkId("l1"),
  qty: 10,
  tag: orderTag("sd0123456789abcd"),
  state: "working",
  orderId: null,
  handle: {},
  filledQty: 0,
  avgPrice: ZERO_PRICE,
  booked: null,
  reason: null,
  notSentCause: null,
  change: null,
  sentAt: NOW,
  unknownSince: null,
};

function notSent(notSentCause: NotSentCause, reason: string) {
  const plan = { side: "BUY", symbol: SBIN.symbol, productType: "CNC", terms: { type: "LIMIT", price: ZERO_PRICE } };
  const legs = [{ ...leg, state: "not-sent", notSentCause, reason }];
  const intent = { instrument: SBIN, plan, legs, history: [] } as unknown as Intent;
  const links = [{ _id: leg.link, label: "acme" }] as Link[];
  const definition = { title: "Acme", setup: { staticIp: "console.acme.example → Addresses." } };
  return orderCard(intent, { broker: () => ({ definition }) } as unknown as Accounts, links, NOW);
}

const PLAN = { side: "BUY", symbol: SBIN.symbol, productType: "CNC", terms: { type: "LIMIT", price: ZERO_PRICE } };

function cardOf(legs: readonly Partial<Leg>[], plan: object = PLAN, links: readonly Link[] = []): string {
  const all = legs.map((changes) => ({ ...leg, ...changes }));
  const intent = { _id: "i1", instrument: SBIN, plan, legs: all, history: [] } as unknown as Intent;
  const accounts = { broker: () => ({ definition: {} }) } as unknown as Accounts;
  return orderCard(intent, accounts, links, NOW).html.toString();
}

function buttons(...legs: readonly Partial<Leg>[]): string[] {
  const all = legs.map((changes) => ({ ...leg, ...changes }));
  const intent = { _id: "i1", instrument: SBIN, plan: PLAN, legs: all, history: [] } as unknown as Intent;
  const { keyboard } = orderCard(intent, {} as Accounts, [], NOW);
  return (keyboard?.inline_keyboard ?? []).flat().map(({ text }) => text);
}

const card = (changes: Partial<Leg>): string => cardOf([changes]);

describe("the card of an order", () => {
  it("says whether all or some of its accounts are paper", () => {
    const accounts = { broker: ({ broker_name: isPaper }: Link) => ({ definition: { isPaper: isPaper === "paper" } }) };
    const links = ["paper", "acme"].map((name) => ({ _id: linkId(name), broker_name: name }) as unknown as Link);
    const title = (...of: string[]): string => {
      const plan = { side: "BUY", symbol: SBIN.symbol };
      const intent = { plan, legs: of.map((name) => ({ ...leg, link: linkId(name) })) } as unknown as Intent;
      return cardHeading(intent, accounts as unknown as Accounts, links).toString();
    };
    expect(title("paper")).toBe("<b>BUY 10 SBIN</b> · 📄 Paper");
    expect(title("paper", "acme")).toBe("<b>BUY 20 SBIN</b> · incl. 📄 Paper");
    expect(title("acme")).toBe("<b>BUY 10 SBIN</b>");
  });

  it("shows average price and charges once nothing more can fill", () => {
    const filled = card({ state: "filled", filledQty: 10, avgPrice: priceFromRupees("1002.40") });
    expect(filled).toContain("Filled 10 at ₹1,002.40.");
    expect(filled).toContain("Charges, about ₹11.90.");
    const cancelled = card({ state: "cancelled", filledQty: 4, avgPrice: priceFromRupees("1002.40") });
    expect(cancelled).toContain("after 4/10 at ₹1,002.40.");
    expect(cancelled).toContain("Charges, about ₹");
  });

  it("shows a fill without its price and charges while the broker has not told the price", () => {
    const filled = card({ state: "filled", filledQty: 10 });
    expect(filled).toContain("Filled 10, price not told yet.");
    expect(filled).not.toMatch(/₹|Charges/);
    expect(card({ filledQty: 4 })).toContain("Partly filled 4/10, price not told yet.");
  });

  it("can be refreshed while the price of a fill is missing", () => {
    const filled = { state: "filled", booked: "filled", filledQty: 10 } as const;
    expect(buttons(filled)).toEqual(["Refresh", "Repeat"]);
    expect(buttons({ ...filled, avgPrice: priceFromRupees("1002.40") })).toEqual(["Repeat"]);
  });

  it("shows no charges while it is still filling, nor when nothing filled", () => {
    expect(card({ filledQty: 4, avgPrice: priceFromRupees("1002.40") })).not.toContain("Charges");
    expect(card({ state: "cancelled" })).not.toContain("Charges");
  });

  it("calls an order open only once the broker's book shows it as open", () => {
    expect(card({ booked: "open" })).toContain("Open at the broker.");
    expect(card({ booked: null })).toContain("Taken by the broker; its book has not shown it yet.");
  });

  it("does not call an after-market order waiting for the next session once it is open at the exchange", () => {
    const amo = (booked: Leg["booked"]): string => cardOf([{ booked }], { ...PLAN, isAmo: true });
    expect(amo(null)).toContain("Accepted for the next session.");
    expect(amo("pending")).toContain("Accepted for the next session.");
    expect(amo("open")).toContain("Open at the broker, as an after-market order.");
    expect(amo("trigger-pending")).toContain("Waits for its trigger.");
  });

  it("says what had filled of an order that was not followed to its end, and no charges, as more may have filled", () => {
    const links = [{ _id: leg.link, label: "acme" }] as Link[];
    const part = { state: "unresolved", filledQty: 4, avgPrice: priceFromRupees("1002.40") } as const;
    expect(cardOf([part], PLAN, links)).toContain("Not followed to its end, 4/10 filled at ₹1,002.40 when last seen.");
    expect(cardOf([part], PLAN, links)).not.toContain("Charges");
    expect(cardOf([{ state: "unresolved" }], PLAN, links)).toContain("Not followed to its end.</b> The day's book is");
  });

  it("names the unlinked account, not the day, as what kept an order from being followed to its end", () => {
    const shown = cardOf([{ state: "unresolved" }]);
    expect(shown).toContain("Its account is no longer linked; only the broker's own record tells");
    expect(shown).not.toContain("day's book");
  });

  it("sends nobody to the broker's record for a paper order that was not followed to its end", () => {
    const accounts = { broker: () => ({ definition: { isPaper: true } }) } as unknown as Accounts;
    const links = [{ _id: leg.link, label: "paper" }] as Link[];
    const legs = [{ ...leg, state: "unresolved" }];
    const intent = { _id: "i1", instrument: SBIN, plan: PLAN, legs, history: [] } as unknown as Intent;
    const shown = orderCard(intent, accounts, links, NOW).html.toString();
    expect(shown).toContain("The day's book is gone, and a paper account keeps no other record");
    expect(shown).not.toContain("broker's own record");
  });

  it("does not say that the broker did not answer of an order whose sending was cut off", () => {
    expect(card({ state: "unknown" })).toContain("I was cut off while sending it, so the order may be live.");
    const unclear = card({ state: "unknown", reason: "no answer in 7000 ms" });
    expect(unclear).toContain("The broker did not answer clearly, so the order may be live.");
  });

  it("says in plain words why it was not sent, with a login button when a session was over", () => {
    const view = notSent("session-expired", "Incorrect `api_key` or `access_token`.");
    expect(view.html.toString()).toContain("Log in, then tap Repeat.\n<blockquote expandable>Incorrect");
    const buttons = view.keyboard?.inline_keyboard.flat().map(({ text }) => text);
    expect(buttons).toEqual(["Repeat", "Log in: acme"]);
    expect(notSent("ip-not-allowed", "Invalid IP").html.toString()).toContain("address is not registered");
  });

  it("says where to register the address that the broker refused, not that /link does, which begins another account", () => {
    const shown = notSent("ip-not-allowed", "Invalid IP").html.toString();
    expect(shown).toContain("At Acme: console.acme.example → Addresses.");
    expect(shown).not.toContain("/link");
    expect(notSent("unreachable", "No connection").html.toString()).not.toContain("Addresses");
  });

  it("offers to repeat an account's order that came to nothing while that of another is still open", () => {
    const failed = { state: "not-sent", notSentCause: "unreachable", reason: "no route" } as const;
    expect(buttons({ booked: "open" }, failed)).toEqual(["Cancel 1", "Modify 1", "Refresh", "Repeat"]);
    expect(buttons({ booked: "open" }, { state: "filled", filledQty: 10 })).not.toContain("Repeat");
    expect(buttons(failed)).toEqual(["Repeat"]);
  });

  it("numbers the orders as their buttons do", () => {
    const shown = cardOf([
      { state: "filled", filledQty: 10 },
      { booked: "open", qty: 4 },
    ]);
    expect(shown).toMatch(/✅ <b>1\. unlinked account<\/b> × 10: .*Filled 10/);
    expect(shown).toMatch(/🟡 <b>2\. unlinked account<\/b> × 4: .*Open at the broker/);
    expect(buttons({ state: "filled", filledQty: 10 }, { booked: "open" })).toEqual([
      "Cancel 2",
      "Modify 2",
      "Refresh",
    ]);
  });

  it("says in plain words why it was rejected, above the broker's own words in a collapsed quote", () => {
    const raw = "RMS:3426112100420:Insufficient funds <17070>";
    const rejected = card({ state: "rejected", reason: raw });
    expect(rejected).toContain("Rejected.</b> Nothing was bought.");
    expect(rejected).toContain("not enough money or margin");
    expect(rejected).toContain(
      "<blockquote expandable>RMS:3426112100420:Insufficient funds &lt;17070&gt;</blockquote>",
    );
  });

  it("says of a refused sale that nothing was sold, and of an order refused after fills what had filled", () => {
    expect(cardOf([{ state: "rejected" }], { ...PLAN, side: "SELL" })).toContain("Rejected.</b> Nothing was sold.");
    const part = card({ state: "rejected", filledQty: 4, avgPrice: priceFromRupees("1002.40") });
    expect(part).toContain("<b>Rejected</b> after 4/10 at ₹1,002.40.");
    expect(part).toContain("Charges, about ₹");
    expect(part).not.toContain("Nothing was");
  });

  it.each<[BookedTerms, string]>([
    [{ type: "LIMIT", price: priceFromRupees(790), triggerPrice: ZERO_PRICE }, "limit 790.00"],
    [{ type: "MARKET", price: ZERO_PRICE, triggerPrice: ZERO_PRICE }, "market"],
    [{ type: "SL", price: priceFromRupees(779), triggerPrice: priceFromRupees(780) }, "sl 780.00 @ 779.00"],
    [{ type: "SL-M", price: ZERO_PRICE, triggerPrice: priceFromRupees(780) }, "sl 780.00 market"],
  ])(
    "shows the terms in the broker's book while it is open, if they are not those of the heading: %o",
    (bookedTerms, text) => {
      const plan = { ...PLAN, terms: { type: "LIMIT", price: priceFromRupees(800) } };
      expect(cardOf([{ booked: "open", bookedTerms }], plan)).toContain(`At the broker: ${text}.`);
      expect(cardOf([{ state: "cancelled", bookedTerms }], plan)).not.toContain("At the broker:");
      const same = { type: "LIMIT", price: priceFromRupees(800), triggerPrice: ZERO_PRICE } as const;
      expect(cardOf([{ booked: "open", bookedTerms: same }], plan)).not.toContain("At the broker:");
    },
  );

  it("is headed by the terms that it was changed to, once it has ended", () => {
    const plan = { ...PLAN, terms: { type: "LIMIT", price: priceFromRupees(990) } };
    const bookedTerms = { type: "LIMIT", price: priceFromRupees(1010), triggerPrice: ZERO_PRICE } as const;
    const heading = (changes: Partial<Leg>): string | undefined =>
      /limit [\d,.]+/.exec(cardOf([{ bookedTerms, ...changes }], plan))?.[0];
    expect(heading({ booked: "open" })).toBe("limit 990.00");
    expect(heading({ state: "filled", filledQty: 10, avgPrice: priceFromRupees(1002.6) })).toBe("limit 1,010.00");
  });

  it.each(["LIMIT", "SL", "SL-M"] as const)(
    "shows no terms of a %s order that the book has without a price",
    (type) => {
      const bookedTerms = { type, price: ZERO_PRICE, triggerPrice: ZERO_PRICE };
      expect(card({ booked: "open", bookedTerms })).not.toContain("At the broker:");
    },
  );

  it("says what became of a change or a cancel, until the order has ended", () => {
    const changed = (
      change: Pick<LegChange, "kind" | "outcome"> & Partial<LegChange>,
      state: Leg["state"] = "working",
    ) => card({ booked: "open", state, change: { at: NOW, reason: null, ...change } });
    expect(changed({ kind: "cancel", outcome: "sending" })).toContain("A cancel is being asked for.");
    expect(changed({ kind: "modify", outcome: "accepted" })).toContain(
      "A change was asked for, and the broker accepted it.",
    );
    const refused = { kind: "modify", outcome: "refused", reason: "too late" } as const;
    expect(changed(refused)).toContain("A change was refused: too late.");
    expect(changed({ ...refused, outcome: "unknown", reason: null })).toContain("without a clear answer");
    expect(changed(refused, "filled")).not.toContain("A change");
  });

  it("keeps the broker's words off a filled order", () => {
    expect(card({ state: "filled", filledQty: 10, reason: "CONFIRMED" })).not.toContain("CONFIRMED");
  });

  it("shows only the broker's words of a refusal that it does not know", () => {
    const rejected = card({ state: "rejected", reason: "16999 odd thing" });
    expect(rejected.split("\n").filter((line) => line.includes("16999"))).toHaveLength(1);
  });
});

describe("the list of our orders that no broker's book shows", () => {
  it("leaves out an order that a book shows", () => {
    const unknown = { ...leg, state: "unknown" };
    const intent = { plan: { side: "BUY", symbol: SBIN.symbol }, legs: [unknown], confirmedAt: NOW };
    const intents = [intent as unknown as Intent];
    const shown = (tag: string) => unbookedOrders({ intents, links: [], booked: [{ tag } as Order], now: NOW });
    expect(String(shown("another"))).toContain("not known yet");
    expect(shown(leg.tag)).toBeNull();
  });

  it("has an order that the broker took but its book does not show yet", () => {
    const taken = { ...leg, orderId: brokerOrderId("z-1") };
    const shown = (changes: Partial<Leg>, ...booked: Partial<Order>[]) => {
      const intent = { plan: { side: "BUY", symbol: SBIN.symbol }, legs: [{ ...taken, ...changes }], confirmedAt: NOW };
      const intents = [intent as unknown as Intent];
      return unbookedOrders({ intents, links: [], booked: booked as Order[], now: NOW });
    };
    expect(String(shown({}))).toContain("taken by the broker, not seen in its book yet");
    expect(shown({}, { tag: null, orderId: brokerOrderId("z-1") })).toBeNull();
    expect(shown({ booked: "open" })).toBeNull();
  });

  it("starts with orders that may be live, however many have failed since; then the latest failures", () => {
    const of = (state: string, minute: number) => ({
      plan: { side: "BUY", symbol: SBIN.symbol },
      legs: [{ ...leg, state }],
      // The tickets were made in the reverse order of their confirmations.
      createdAt: NOW - minute,
      confirmedAt: NOW + minute * 60_000,
    });
    const failed = Array.from({ length: 12 }, (_, at) => of("not-sent", at + 1));
    const intents = [...failed, of("unknown", 0)] as unknown as Intent[];
    const shown = String(unbookedOrders({ intents, links: [], booked: [], now: NOW }));
    const times = shown.split("\n").map((line) => line.slice(0, 5));
    expect(shown).toContain("not known yet");
    expect(times.slice(1, 4)).toEqual(["10:42", "10:54", "10:53"]);
    expect(shown).toContain("… and 3 more.");
    const few = String(unbookedOrders({ intents: intents.slice(0, 2), links: [], booked: [], now: NOW }));
    expect(few).not.toContain("more.");
  });

  it("has only today's, with the reason of those that were refused and never got an id", () => {
    const of = (changes: Partial<Leg>, confirmedAt: number | null = NOW) => {
      const intent = { plan: { side: "SELL", symbol: SBIN.symbol }, legs: [{ ...leg, ...changes }], confirmedAt };
      return unbookedOrders({ intents: [intent as unknown as Intent], links: [], booked: [], now: NOW });
    };
    const refused = { state: "rejected", reason: "RMS: no" } as const;
    expect(String(of(refused))).toContain("10:42 SELL 10 SBIN <i>unlinked</i> <b>refused</b>: RMS: no");
    expect(of({ ...refused, orderId: brokerOrderId("z-1") })).toBeNull();
    expect(of({ state: "filled" })).toBeNull();
    expect(of({ state: "unknown" }, NOW - 86_400_000)).toBeNull();
    expect(of({ state: "unknown" }, null)).toBeNull();
  });

  it("has an earlier day's after-market order for as long as it may be live, with its date", () => {
    const of = (changes: Partial<Leg>) => {
      const plan = { side: "SELL", symbol: SBIN.symbol, isAmo: true };
      const intent = { plan, legs: [{ ...leg, ...changes }], confirmedAt: istInstant("2026-11-20", "20:15") };
      return unbookedOrders({ intents: [intent as unknown as Intent], links: [], booked: [], now: NOW });
    };
    expect(String(of({ state: "unknown" }))).toContain("20 Nov 2026 20:15 SELL 10 SBIN");
    expect(of({ state: "not-found" })).toBeNull();
    expect(of({ booked: "pending" })).toBeNull();
  });
});

describe("a broker's refusal", () => {
  it.each([
    ["Insufficient funds. Required margin is 51200.40 but available margin is 48010.00.", "money or margin"],
    ["Margin Shortfall: required 9050.00, available 812.40", "money or margin"],
    ["RMS:Margin Exceeds,Required:9050.00, Available:812.40 for entity", "money or margin"],
    ["Insufficient holdings to sell.", "not enough shares"],
    ["No holdings available", "not enough shares"],
    ["IP (203.0.113.7) is not allowed to place orders for this app.", "address is not registered"],
    ["No IPs configured for this app. Add allowed IPs on the Kite developer console.", "address is not registered"],
    ["Access denied: Unregistered IP address. Register your IP before retrying.", "address is not registered"],
    ["Request from an IP that is not the registered static IP", "address is not registered"],
    ["17070 : The Price is out of the current execution range", "outside what the exchange accepts"],
    ["RMS:Rule: Check circuit limit including square off order exceeds", "outside what the exchange accepts"],
    ["Order quantity exceeds the freeze quantity", "above what one order may be"],
    ["Price is not a multiple of tick size", "tick size"],
    ["Quantity is not a multiple of lot size", "whole number of lots"],
    ["Market orders without market protection are not allowed via API.", "no plain market order"],
    ["Markets are closed right now. Use AMO.", "market is closed"],
    ["This security is under the cautionary listing", "restricts trading"],
    ["Algo orders are not allowed from this app", "app at the broker may not place orders"],
    ["CDSL TPIN authorisation pending", "today's authorisation"],
  ])("“%s” is explained in plain words", (raw, words) => {
    expect(reasonWords(raw)).toContain(words);
    expect(reasonWords(raw)).not.toContain("/link");
  });

  it("that is not known is not explained", () => {
    expect(reasonWords("Order could not be placed.")).toBeNull();
    expect(reasonWords("")).toBeNull();
  });
});
