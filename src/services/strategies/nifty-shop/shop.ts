import type { LinkId, UserId } from "../../../domain/ids.ts";
import { ticker, type Instrument } from "../../../domain/instrument.ts";
import { istDate } from "../../../domain/market.ts";
import type { Price } from "../../../domain/money.ts";
import type { Quote } from "../../../domain/portfolio.ts";
import { averagePrice, sumPaise, valueOf, ZERO_PRICE } from "../../../domain/money.ts";
import { isClosed, type Leg, type LegState } from "../../../domain/order-intent.ts";
import { randomAlphanumeric } from "../../../lib/token.ts";
import { createTurns } from "../../../lib/turns.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Store } from "../../../ports/store.ts";
import { accountBehind, preferredLink, type Accounts, type Link } from "../../accounts/accounts.ts";
import type { Candles } from "../../quotes/candles.ts";
import type { Instruments } from "../../instruments/types.ts";
import type { Desk } from "../../orders/desk.ts";
import type { MarketPhase } from "../../orders/findings.ts";
import type { Intent, Journal } from "../../orders/journal.ts";
import { worstPrice } from "../../orders/ticket-plan.ts";
import type { TicketRequest, Tickets, TicketView } from "../../orders/tickets.ts";
import type { Quotes } from "../../quotes/quotes.ts";
import type { User, Users } from "../../people/users.ts";
import { readAccount, type ShopAccount } from "./account.ts";
import type { Constituents } from "./constituents.ts";
import { doneOn, hasRoom, newProposal } from "./new-proposal.ts";
import { averageCost, heldAfter, reducedTo } from "./ledger.ts";
import { readMarket, type OwnShare } from "./market.ts";
import { createShopStore, fillsOf, instrumentsByKey, type Proposal, type ProposedLeg } from "./proposals.ts";
import type { ShopSettings } from "./settings.ts";

export interface ShopHolding extends OwnShare {
  readonly avgPrice: Price;
  /** Null when unknown, or not comparable with the price paid (`isRebased`). */
  readonly price: Price | null;
  /** Source and time of the price. */
  readonly priced: Pick<Quote, "source" | "at"> | null;
  /** The latest decision found a split or bonus since the purchase. */
  readonly isRebased: boolean;
}

export type Approval =
  | { readonly kind: "ticket"; readonly view: TicketView }
  /** An order of this leg is on its way to the broker, or has filled. */
  | { readonly kind: "sent" }
  /** Another leg has used up the day's room, or still may: one sale and a limited number of buys a day. */
  | { readonly kind: "had" }
  /** It was made without an account, or its account is not linked any more. */
  | { readonly kind: "no-account" }
  /** The proposal is of another day, a dry run or another user's. */
  | { readonly kind: "gone" };

export interface NiftyShop {
  settings(user: UserId): Promise<ShopSettings>;
  change(user: UserId, change: Partial<ShopSettings>): Promise<ShopSettings>;
  /** The link that it trades for: the chosen one, else the user's default, else their oldest. */
  account(user: User, settings: ShopSettings): Promise<Link | null>;
  /** HH:MM IST for every user who has it switched on, for the scheduler. */
  times(): Promise<ReadonlyMap<UserId, string>>;
  /** Decides now and stores the proposal. With `occasion`, decides once: later calls return the stored proposal. */
  propose(user: User, occasion?: string): Promise<Proposal>;
  proposal(user: UserId, id: string): Promise<Proposal | null>;
  /** Newest first, with fills up to date. */
  history(user: UserId, limit: number): Promise<readonly Proposal[]>;
  /** Shares bought and not sold: by dry runs, or by real orders and then no more than the account still has. */
  held(user: User, isDry: boolean): Promise<readonly ShopHolding[]>;
  /** First withdraws the leg's unconfirmed ticket, as do `skip` and `approve`. Null when it was sent or is gone. */
  resize(user: UserId, id: string, leg: number, qty: number): Promise<Proposal | null>;
  skip(user: UserId, id: string, leg: number): Promise<Proposal | null>;
  /** Makes an ordinary ticket of the leg, with a card to confirm. Replaces an earlier one that filled nothing. */
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
  /** Which orders the exchange takes for the instrument at `at` (epoch ms). */
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
  /** Whether the trading day of `at` (epoch ms) has begun; false on closed days. */
  readonly hasOpened: (at: number) => boolean;
}

/** The Nifty Shop strategy: decides once a day per user, asks, and sends approved legs down the ordinary order path. */
export function createNiftyShop(deps: NiftyShopDeps): NiftyShop {
  const { accounts, clock, journal } = deps;
  const shop = createShopStore(deps.store);
  /** By user: a dry run that did not see one still being decided would buy the same again. */
  const deciding = createTurns();

  async function account(user: User, settings: ShopSettings): Promise<Link | null> {
    const links = await accounts.active(user._id);
    const chosen = links.find(({ _id }) => _id === settings.link);
    if (chosen) return chosen;
    const relinkedAs = settings.link && relinked(settings.link, links, await shop.ofUser(user._id));
    return relinkedAs ?? preferredLink(links, user.defaultLink);
  }

  /** All proposals of the user, oldest first, with fills up to date. */
  async function syncedProposals(user: UserId): Promise<Proposal[]> {
    const all = await shop.ofUser(user);
    return Promise.all(all.map(async (proposal) => (proposal.legs.every(isUpToDate) ? proposal : synced(proposal))));
  }

  async function synced(proposal: Proposal): Promise<Proposal> {
    const legs = await Promise.all(
      proposal.legs.map(async (leg) =>
        isUpToDate(leg) || leg.intent === null ? leg : withFills(leg, await journal.get(leg.intent)),
      ),
    );
    // Write a leg only if its ticket is still the same: it may have been approved or resized meanwhile.
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
    const past = (await syncedProposals(user._id)).filter((each) => isFor(each, isDry, link));
    const { knownUntil } = deps.constituents;
    const members = deps.constituents.membersOn(date);
    const held = holdingsOf(past);
    const [market, read] = await Promise.all([
      readMarket(deps, link, { members, held }, now),
      isDry || !link ? null : readAccount(accounts, link, sharesOf(held)),
    ]);
    const document = newProposal({
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
    propose: (user, occasion) => deciding.take(user._id, () => propose(user, occasion)),
    proposal: (user, id) => shop.get(user, id),
    async history(user, limit) {
      await syncedProposals(user);
      return shop.latest(user, limit);
    },
    async held(user, isDry) {
      const settings = await shop.settings(user._id);
      const link = await account(user, settings);
      const past = (await syncedProposals(user._id)).filter((each) => isFor(each, isDry, link));
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
      if (!leg || !isCurrent) return { kind: "gone" };
      const link = proposal.link === null ? null : await accounts.get(user._id, proposal.link);
      if (!link) return { kind: "no-account" };
      if (leg.intent !== null && !(await withdraw(user._id, leg.intent))) return { kind: "sent" };
      if (!(await isFree(user, link, proposal, at))) return { kind: "had" };
      const view = await deps.tickets.make(ticketFor(deps, user, link, { leg, group: legName(id, at) }));
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

  /** Whether the day still has room for the leg, counting the legs of all its proposals. */
  async function isFree(user: User, link: Link, { _id, date }: Proposal, at: number): Promise<boolean> {
    const today = (await syncedProposals(user._id)).filter((each) => each.date === date && isFor(each, false, link));
    const leg = today.find((each) => each._id === _id)?.legs[at];
    const done = doneOn(date, today).filter((each) => each !== leg);
    return leg !== undefined && hasRoom(leg, done, await shop.settings(user._id));
  }

  /** Withdraws the leg's ticket, so that its old card cannot be confirmed. False when that is too late. */
  async function reopen(user: UserId, id: string, at: number): Promise<boolean> {
    const leg = (await shop.get(user, id))?.legs[at];
    return leg !== undefined && (leg.intent === null || withdraw(user, leg.intent));
  }

  /** Drops an earlier ticket. False when something of it has filled or still may; on true nothing can. */
  async function withdraw(user: UserId, intent: Intent["_id"]): Promise<boolean> {
    const known = await journal.get(intent);
    if (!known || known.legs.every(endedUnfilled)) return true;
    return (await deps.desk.drop(user, intent, "edited")) !== null;
  }
}

/**
 * A market order; a limit order at the price of the decision if the broker takes no market orders, and in the closing
 * auction at the price to which a market order would be protected.
 */
function ticketFor(
  { accounts, clock, phaseOf }: NiftyShopDeps,
  user: User,
  link: Link,
  { leg, group }: { readonly leg: ProposedLeg; readonly group: string },
): TicketRequest {
  const { capabilities } = accounts.broker(link).definition;
  const isAuction = phaseOf(leg.instrument, clock.now()).startsWith("closing-auction");
  const isMarket = capabilities.orderTypes.includes("MARKET") && !isAuction;
  const order = {
    instrument: leg.instrument,
    side: leg.kind === "sell" ? "SELL" : "BUY",
    protectionBasisPoints: user.settings.protectionBasisPoints,
  } as const;
  const limit = isAuction ? worstPrice(order, leg.price) : leg.price;
  return {
    ...order,
    userId: user._id,
    type: isMarket ? "MARKET" : "LIMIT",
    price: isMarket ? null : limit,
    triggerPrice: null,
    productType: "CNC",
    validity: "DAY",
    isAmo: false,
    parts: [{ link, qty: leg.qty }],
    origin: "strategy",
    group,
  };
}

const legName = (proposal: string, leg: number): string => `${proposal} ${leg}`;

/** The proposal and leg that an order was made from. Repeating such an order must go through its proposal. */
export function legBehind({ origin, group }: Pick<Intent, "origin" | "group">): { id: string; leg: number } | null {
  const [, id, leg] = (origin === "strategy" && /^(.+) (\d+)$/.exec(group ?? "")) || [];
  return id === undefined ? null : { id, leg: Number(leg) };
}

const ENDED: ReadonlySet<LegState> = new Set(["dropped", "not-sent", "rejected", "cancelled", "expired"]);
const endedUnfilled = ({ state, filledQty }: Leg): boolean => ENDED.has(state) && filledQty === 0;

function holdingsOf(past: readonly Proposal[]): OwnShare[] {
  const instruments = instrumentsByKey(past);
  return [...heldAfter(fillsOf(past)).values()].flatMap((share) => {
    const instrument = instruments.get(share.key);
    return instrument ? [{ ...share, instrument }] : [];
  });
}

/** The strategy's holdings, limited to what the account has if known, with prices. */
function stillHeld(
  past: readonly Proposal[],
  quotes: ReadonlyMap<Instrument["key"], Quote>,
  account: ShopAccount | null,
): ShopHolding[] {
  const fills = fillsOf(past);
  const notes = past.at(-1)?.notes ?? [];
  const rebased = new Set(notes.flatMap((note) => (note.kind === "rebased" ? [note.symbol] : [])));
  return holdingsOf(past).flatMap((share): ShopHolding[] => {
    const left = account ? reducedTo(share, account.held.get(share.key) ?? 0, fills) : share;
    if (left.qty === 0) return [];
    const isRebased = rebased.has(ticker(share.instrument.symbol));
    const priced = isRebased ? null : (quotes.get(share.key) ?? null);
    return [{ ...left, price: priced?.ltp ?? null, priced, avgPrice: averageCost(left), isRebased }];
  });
}

const sharesOf = (held: readonly OwnShare[]): Instrument[] => held.map(({ instrument }) => instrument);

/** Whether the leg's stored fills are final, or it has no ticket. */
const isUpToDate = (leg: ProposedLeg): boolean => leg.isSettled || leg.intent === null;

const isFor = (proposal: Proposal, isDry: boolean, link: Link | null): boolean =>
  proposal.isDry === isDry && (proposal.link === (link?._id ?? null) || isOfAccount(proposal, link));

/** Whether the proposal was made for the same broker account, perhaps through a link since removed. */
const isOfAccount = ({ account }: Proposal, link: Link | null): boolean =>
  account !== undefined && link !== null && account === accountBehind(link);

/** Finds the current link of the chosen account after its chosen link was removed, through an earlier proposal. */
function relinked(chosen: LinkId, links: readonly Link[], past: readonly Proposal[]): Link | null {
  const decision = past.findLast(({ link }) => link === chosen);
  return (decision && links.find((link) => isOfAccount(decision, link))) ?? null;
}

/** Takes over the fills of the leg's ticket. If the ticket was dropped, the leg can be approved again. */
function withFills(leg: ProposedLeg, intent: Intent | null): ProposedLeg {
  if (!intent) return { ...leg, isSettled: true };
  if (intent.legs.every(({ state }) => state === "dropped")) return { ...leg, intent: null };
  const filledQty = intent.legs.reduce((sum, each) => sum + each.filledQty, 0);
  const value = sumPaise(intent.legs.map((each) => valueOf(each.avgPrice, each.filledQty)));
  return {
    ...leg,
    isAmo: intent.plan.isAmo,
    isUnresolved: intent.legs.some(({ state }) => state === "unresolved"),
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
