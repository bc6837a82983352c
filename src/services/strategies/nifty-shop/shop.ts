import type { LinkId, UserId } from "../../../domain/ids.ts";
import { ticker, type Instrument } from "../../../domain/instrument.ts";
import { istDate } from "../../../domain/market.ts";
import type { Price } from "../../../domain/money.ts";
import type { Quote } from "../../../domain/portfolio.ts";
import { averagePrice, sumPaise, valueOf, ZERO_PRICE } from "../../../domain/money.ts";
import { isClosed, type Leg, type LegState } from "../../../domain/order-intent.ts";
import { randomAlphanumeric } from "../../../lib/token.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Store } from "../../../ports/store.ts";
import { accountBehind, usualOf, type Accounts, type Link } from "../../accounts.ts";
import type { Candles } from "../../candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import type { Desk } from "../../orders/desk.ts";
import type { Intent, Journal } from "../../orders/journal.ts";
import type { TicketRequest, Tickets, TicketView } from "../../orders/tickets.ts";
import type { Quotes } from "../../quotes.ts";
import type { User, Users } from "../../users.ts";
import { readAccount, type ShopAccount } from "./account.ts";
import type { Constituents } from "./constituents.ts";
import { decided, doneOn, hasRoom } from "./decided.ts";
import { averageCost, heldAfter, leftOf } from "./ledger.ts";
import { readMarket, type OwnShare } from "./market.ts";
import { createShopStore, fillsOf, legsByKey, type Proposal, type ProposedLeg } from "./proposals.ts";
import type { ShopSettings } from "./settings.ts";

export interface ShopHolding extends OwnShare {
  readonly avgPrice: Price;
  /** Null where it is not known, or says nothing about the gain. */
  readonly price: Price | null;
  /** Where the price comes from, and when. */
  readonly priced: Pick<Quote, "source" | "at"> | null;
  /** Split, or with a bonus, since it was bought, as the latest decision saw. */
  readonly isRebased: boolean;
}

export type Approval =
  | { readonly kind: "ticket"; readonly view: TicketView }
  /** It is on its way to the broker, or was. */
  | { readonly kind: "sent" }
  /** Another proposal of the day has had it, or may: one sale a day, and so many buys. */
  | { readonly kind: "had" }
  /** Of another day, of a dry run, or not theirs. */
  | { readonly kind: "gone" };

export interface NiftyShop {
  settings(user: UserId): Promise<ShopSettings>;
  change(user: UserId, change: Partial<ShopSettings>): Promise<ShopSettings>;
  /** The account that it decides for: the one that was chosen, else what is meant when none is named. */
  account(user: User, settings: ShopSettings): Promise<Link | null>;
  /** HH:MM of everybody who has it on, for the scheduler. */
  times(): Promise<ReadonlyMap<UserId, string>>;
  /** Decides now and keeps the decision. With `occasion`, once: asked again it answers what was decided then. */
  propose(user: User, occasion?: string): Promise<Proposal>;
  proposal(user: UserId, id: string): Promise<Proposal | null>;
  /** Newest first, with what has filled since. */
  history(user: UserId, limit: number): Promise<readonly Proposal[]>;
  /** What the strategy has bought and not sold, by dry runs, or really: then no more than the account still has. */
  held(user: User, isDry: boolean): Promise<readonly ShopHolding[]>;
  /** Takes back an unconfirmed ticket of the leg, as `skip` and `approve` do; null when it is on its way or gone. */
  resize(user: UserId, id: string, leg: number, qty: number): Promise<Proposal | null>;
  skip(user: UserId, id: string, leg: number): Promise<Proposal | null>;
  /** Makes the leg an ordinary ticket, with a card to confirm. One of it of which nothing came is replaced. */
  approve(user: User, id: string, leg: number): Promise<Approval>;
}

export interface NiftyShopDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly users: Pick<Users, "get">;
  readonly accounts: Accounts;
  readonly instruments: Pick<Instruments, "resolve">;
  readonly quotes: Pick<Quotes, "many">;
  readonly candles: Candles;
  readonly journal: Pick<Journal, "get">;
  readonly tickets: Pick<Tickets, "make">;
  readonly desk: Pick<Desk, "drop">;
  readonly constituents: Pick<Constituents, "membersOn" | "knownUntil">;
}

/** The Nifty Shop for each user: decides once a day, asks, and hands what is approved to the ordinary order path. */
export function createNiftyShop(deps: NiftyShopDeps): NiftyShop {
  const { accounts, clock, journal } = deps;
  const shop = createShopStore(deps.store);

  async function account(user: User, settings: ShopSettings): Promise<Link | null> {
    const links = await accounts.active(user._id);
    const chosen = links.find(({ _id }) => _id === settings.link);
    if (chosen) return chosen;
    const anew = settings.link && linkedAnew(settings.link, links, await shop.ofUser(user._id));
    return anew ?? usualOf(links, user.defaultLink);
  }

  /** Every proposal of the user, oldest first, with what their orders have filled by now. */
  async function synced(user: UserId): Promise<Proposal[]> {
    const all = await shop.ofUser(user);
    return Promise.all(all.map(async (proposal) => (proposal.legs.every(isQuiet) ? proposal : refreshed(proposal))));
  }

  async function refreshed(proposal: Proposal): Promise<Proposal> {
    const legs = await Promise.all(
      proposal.legs.map(async (leg) =>
        isQuiet(leg) || leg.intent === null ? leg : withFills(leg, await journal.get(leg.intent)),
      ),
    );
    // Only fills are taken over: the legs may have been approved or resized meanwhile.
    const changed = await shop.change(proposal._id, (current) => ({
      legs: current.legs.map((leg, at) =>
        leg.intent !== null && leg.intent === proposal.legs[at]?.intent ? (legs[at] ?? leg) : leg,
      ),
    }));
    return changed ?? proposal;
  }

  async function propose(user: User, occasion?: string): Promise<Proposal> {
    const now = clock.now();
    const date = istDate(now);
    const id = occasion ?? `${user._id}-${date}-${randomAlphanumeric(4)}`;
    const known = await shop.get(user._id, id);
    if (known) return known;
    const settings = await shop.settings(user._id);
    const link = await account(user, settings);
    const isDry = settings.mode !== "ask";
    const past = (await synced(user._id)).filter((each) => belongs(each, isDry, link));
    const { knownUntil } = deps.constituents;
    const members = deps.constituents.membersOn(date);
    const held = holdingsOf(past);
    const [market, read] = await Promise.all([
      readMarket(deps, link, { members, held }, now),
      isDry || !link ? null : readAccount(accounts, link, sharesOf(held)),
    ]);
    const document = decided({
      id,
      user,
      date,
      now,
      isDry,
      link,
      settings,
      past,
      members,
      knownUntil,
      market,
      account: read,
    });
    await shop.add(document);
    return (await shop.get(user._id, id)) ?? { ...document, version: 1 };
  }

  return {
    settings: (user) => shop.settings(user),
    change: (user, change) => shop.changeSettings(user, change),
    account,
    times: async () => new Map((await shop.on()).map(({ userId, settings }) => [userId, settings.at])),
    propose,
    proposal: (user, id) => shop.get(user, id),
    async history(user, limit) {
      await synced(user);
      return shop.latest(user, limit);
    },
    async held(user, isDry) {
      const settings = await shop.settings(user._id);
      const link = await account(user, settings);
      const past = (await synced(user._id)).filter((each) => belongs(each, isDry, link));
      const bought = holdingsOf(past);
      const [quotes, read] = await Promise.all([
        deps.quotes.many(link, sharesOf(bought)),
        isDry || !link ? null : readAccount(accounts, link, sharesOf(bought)),
      ]);
      return stillHeld(past, quotes, read);
    },
    resize: async (user, id, at, qty) => {
      if (!Number.isInteger(qty) || qty < 1 || !(await reopen(user, id, at))) return null;
      return shop.change(id, ({ legs }) => ({
        legs: changed(legs, at, (leg) => ({ ...leg, qty, intent: null, isSettled: false })),
      }));
    },
    skip: async (user, id, at) => {
      if (!(await reopen(user, id, at))) return null;
      return shop.change(id, ({ legs }) => ({
        legs: changed(legs, at, (leg) => ({ ...leg, state: "skipped" })),
      }));
    },
    async approve(user, id, at) {
      const proposal = await shop.get(user._id, id);
      const leg = proposal?.legs[at];
      const isCurrent = proposal && !proposal.isDry && proposal.date === istDate(clock.now());
      const link = isCurrent && proposal.link !== null ? await accounts.get(user._id, proposal.link) : null;
      if (!leg || !link) return { kind: "gone" };
      if (leg.intent !== null && !(await takeBack(user._id, leg.intent))) return { kind: "sent" };
      if (!(await isFree(user, link, proposal, at))) return { kind: "had" };
      const view = await deps.tickets.make(ticketFor(user, link, leg, legName(id, at)));
      await shop.change(id, ({ legs }) => ({
        legs: changed(legs, at, (each) => ({
          ...each,
          state: "open",
          intent: view.intent._id,
          isSettled: false,
        })),
      }));
      return { kind: "ticket", view };
    },
  };

  /** Whether the day still has room for the leg, the other proposals' and this one's other legs counted. */
  async function isFree(user: User, link: Link, { _id, date }: Proposal, at: number): Promise<boolean> {
    const today = (await synced(user._id)).filter((each) => each.date === date && belongs(each, false, link));
    const leg = today.find((each) => each._id === _id)?.legs[at];
    const done = doneOn(date, today).filter((each) => each !== leg);
    return leg !== undefined && hasRoom(leg, done, await shop.settings(user._id));
  }

  /** An old card of the leg must not send what is changed or skipped now; false when it is too late for a change. */
  async function reopen(user: UserId, id: string, at: number): Promise<boolean> {
    const leg = (await shop.get(user, id))?.legs[at];
    return leg !== undefined && (leg.intent === null || takeBack(user, leg.intent));
  }

  /** Afterwards nothing can be filled of the leg's earlier ticket any more; false when something was, or may be. */
  async function takeBack(user: UserId, intent: Intent["_id"]): Promise<boolean> {
    const known = await journal.get(intent);
    if (!known || known.legs.every(endedEmpty)) return true;
    return (await deps.desk.drop(user, intent, "edited")) !== null;
  }

  /** A market order where the broker takes them, else a limit at the same protective price. */
  function ticketFor(user: User, link: Link, leg: ProposedLeg, group: string): TicketRequest {
    const { capabilities } = accounts.broker(link).definition;
    const isMarket = capabilities.orderTypes.includes("MARKET");
    return {
      userId: user._id,
      instrument: leg.instrument,
      side: leg.kind === "sell" ? "SELL" : "BUY",
      type: isMarket ? "MARKET" : "LIMIT",
      price: isMarket ? null : leg.price,
      triggerPrice: null,
      productType: "CNC",
      validity: "DAY",
      isAmo: false,
      parts: [{ link, qty: leg.qty }],
      origin: "strategy",
      group,
      protectionBasisPoints: user.settings.protectionBasisPoints,
    };
  }
}

const legName = (proposal: string, leg: number): string => `${proposal} ${leg}`;

/** The leg that an order was made of: ordered anew past its proposal, it would not be the strategy's. */
export function legBehind({ origin, group }: Pick<Intent, "origin" | "group">): { id: string; leg: number } | null {
  const [, id, leg] = (origin === "strategy" && /^(.+) (\d+)$/.exec(group ?? "")) || [];
  return id === undefined ? null : { id, leg: Number(leg) };
}

const ENDED: ReadonlySet<LegState> = new Set(["dropped", "not-sent", "rejected", "cancelled", "expired"]);
const endedEmpty = ({ state, filledQty }: Leg): boolean => ENDED.has(state) && filledQty === 0;

function holdingsOf(past: readonly Proposal[]): OwnShare[] {
  const instruments = legsByKey(past);
  return [...heldAfter(fillsOf(past)).values()].flatMap((share) => {
    const instrument = instruments.get(share.key);
    return instrument ? [{ ...share, instrument }] : [];
  });
}

/** What of it the account has, where that is known, with its price. */
function stillHeld(
  past: readonly Proposal[],
  quotes: ReadonlyMap<Instrument["key"], Quote>,
  account: ShopAccount | null,
): ShopHolding[] {
  const fills = fillsOf(past);
  const notes = past.at(-1)?.notes ?? [];
  const rebased = new Set(notes.flatMap((note) => (note.kind === "rebased" ? [note.symbol] : [])));
  return holdingsOf(past).flatMap((share): ShopHolding[] => {
    const left = account ? leftOf(share, account.held.get(share.key) ?? 0, fills) : share;
    if (left.qty === 0) return [];
    const isRebased = rebased.has(ticker(share.instrument.symbol));
    const priced = isRebased ? null : (quotes.get(share.key) ?? null);
    return [{ ...left, price: priced?.ltp ?? null, priced, avgPrice: averageCost(left), isRebased }];
  });
}

const sharesOf = (held: readonly OwnShare[]): Instrument[] => held.map(({ instrument }) => instrument);

/** Nothing can have filled since it was last looked at. */
const isQuiet = (leg: ProposedLeg): boolean => leg.isSettled || leg.intent === null;

const belongs = (proposal: Proposal, isDry: boolean, link: Link | null): boolean =>
  proposal.isDry === isDry && (proposal.link === (link?._id ?? null) || isOfAccount(proposal, link));

/** By a link that is gone since. */
const isOfAccount = ({ account }: Proposal, link: Link | null): boolean =>
  account !== undefined && link !== null && account === accountBehind(link);

/** By what was decided for it: the account that was chosen is still the one, whatever links it now. */
function linkedAnew(chosen: LinkId, links: readonly Link[], past: readonly Proposal[]): Link | null {
  const decision = past.findLast(({ link }) => link === chosen);
  return (decision && links.find((link) => isOfAccount(decision, link))) ?? null;
}

/** An order that was sent is settled with what it has filled; a card that lapsed leaves its leg to be approved again. */
function withFills(leg: ProposedLeg, intent: Intent | null): ProposedLeg {
  if (!intent) return { ...leg, isSettled: true };
  if (intent.legs.every(({ state }) => state === "dropped")) return { ...leg, intent: null };
  const filledQty = intent.legs.reduce((sum, each) => sum + each.filledQty, 0);
  const value = sumPaise(intent.legs.map((each) => valueOf(each.avgPrice, each.filledQty)));
  return {
    ...leg,
    isAmo: intent.plan.isAmo,
    filledQty,
    avgPrice: filledQty === 0 ? ZERO_PRICE : averagePrice(value, filledQty),
    isSettled: intent.legs.every(isClosed) && intent.legs.every(({ state }) => state !== "not-found"),
  };
}

const changed = (
  legs: readonly ProposedLeg[],
  at: number,
  change: (leg: ProposedLeg) => ProposedLeg,
): readonly ProposedLeg[] => legs.map((leg, index) => (index === at ? change(leg) : leg));
