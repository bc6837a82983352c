import { ticker, type Instrument } from "../../../domain/instrument.ts";
import { ZERO_PRICE } from "../../../domain/money.ts";
import { accountBehind, type Link } from "../../accounts/accounts.ts";
import type { User } from "../../people/users.ts";
import type { ShopAccount } from "./account.ts";
import { averageCost, heldAfter, reducedTo } from "./ledger.ts";
import type { ShopMarket } from "./market.ts";
import {
  fillsOf,
  instrumentsByKey,
  type Proposal,
  type ProposalDocument,
  type ProposalNote,
  type ProposedLeg,
} from "./proposals.ts";
import { decide, MIN_PRICED_FRACTION, type Decision, type HeldView, type ShopLeg } from "./rules.ts";
import { rulesOf, type ShopSettings } from "./settings.ts";

export interface DecisionInput {
  readonly id: string;
  readonly user: User;
  readonly date: string;
  readonly now: number;
  readonly isDry: boolean;
  readonly link: Link | null;
  readonly settings: ShopSettings;
  readonly past: readonly Proposal[];
  readonly members: readonly string[];
  /** YYYY-MM-DD up to which changes of the index are known. */
  readonly knownUntil: string;
  readonly market: ShopMarket;
  readonly account: ShopAccount | null;
}

/** Makes the day's decision and turns it into a proposal, without anything already done today. */
export function newProposal(input: DecisionInput): ProposalDocument {
  const { market, account, isDry, link, past } = input;
  const { held, notes, leftOut } = heldViews(input);
  const behind = link && accountBehind(link);
  const isPriced = market.members.length >= input.members.length * MIN_PRICED_FRACTION;
  const members = market.members.filter(({ key }) => !leftOut.has(key));
  const decision = decide({ members, held, cash: account?.cash ?? null }, rulesOf(input.settings));
  const instruments = new Map([...instrumentsByKey(past), ...market.instruments]);
  const symbolOf = (key: Instrument["key"]): string => ticker(instruments.get(key)?.symbol ?? (`NSE:${key}` as never));
  const legs = isPriced ? notDoneToday(decision, input) : [];
  return {
    _id: input.id,
    userId: input.user._id,
    createdAt: input.now,
    date: input.date,
    isDry,
    link: link?._id ?? null,
    ...(behind === null ? {} : { account: behind }),
    label: link?.label ?? null,
    candidates: decision.candidates.map((each) => ({ ...each, symbol: symbolOf(each.key) })),
    legs: legs.flatMap((leg) => {
      const instrument = instruments.get(leg.key);
      return instrument ? [newLeg(leg, instrument, isDry)] : [];
    }),
    missed: decision.missed.map((each) => ({ ...each, symbol: symbolOf(each.key) })),
    notes: [
      ...notes,
      ...notEndedAmong(legs, input).map((key) => ({ kind: "not-ended", symbol: symbolOf(key) }) as const),
      ...(market.unfitting.size > 0
        ? [{ kind: "unfitting", tickers: [...market.unfitting].map(symbolOf) } as const]
        : []),
      ...(market.without.length > 0 ? [{ kind: "no-prices", tickers: market.without } as const] : []),
      ...(isPriced
        ? []
        : [{ kind: "too-few-prices", known: market.members.length, members: input.members.length } as const]),
      ...(!isDry && link && account === null ? [{ kind: "account-unread" } as const] : []),
      ...(input.date > input.knownUntil ? [{ kind: "members-known-until", date: input.knownUntil } as const] : []),
    ],
    cash: account?.cash ?? null,
    source: market.source,
  };
}

/** In a dry run, a leg counts as filled at the price seen. */
const newLeg = (leg: ShopLeg, instrument: Instrument, isDry: boolean): ProposedLeg => ({
  ...leg,
  instrument,
  state: "open",
  intent: null,
  filledQty: isDry ? leg.qty : 0,
  avgPrice: isDry ? leg.price : ZERO_PRICE,
  isSettled: isDry,
});

/** The strategy's own shares, as far as the account still has them, without rebased ones (split, bonus). */
function heldViews({ past, market, account }: DecisionInput) {
  const instruments = instrumentsByKey(past);
  const notes: ProposalNote[] = [];
  const leftOut = new Set<Instrument["key"]>();
  const fills = fillsOf(past);
  const held = [...heldAfter(fills).values()].flatMap((share): HeldView[] => {
    const qtyInAccount = account ? (account.held.get(share.key) ?? 0) : share.qty;
    const qty = Math.min(share.qty, qtyInAccount);
    const symbol = instruments.get(share.key)?.symbol;
    if (qty < share.qty && symbol) {
      notes.push({ kind: "fewer-held", symbol: ticker(symbol), held: qtyInAccount, bought: share.qty });
    }
    if (qty <= 0) return [];
    if (market.unfitting.has(share.key)) return [];
    if (market.rebased.has(share.key) && symbol) {
      leftOut.add(share.key);
      notes.push({ kind: "rebased", symbol: ticker(symbol) });
      return [];
    }
    const { key, lastBuyPrice } = share;
    const avgPrice = averageCost(reducedTo(share, qty, fills));
    return [{ key, qty, lastBuyPrice, avgPrice, price: market.prices.get(key) ?? null }];
  });
  return { held, notes, leftOut };
}

/** The shares of the legs for which an earlier day's order may fill still, or have filled unseen. */
function notEndedAmong(legs: readonly ShopLeg[], { past, date }: DecisionInput): Instrument["key"][] {
  const earlier = past.filter((proposal) => proposal.date < date).flatMap((proposal) => proposal.legs);
  const notEnded = new Set(earlier.filter((leg) => leg.isUnresolved || isOnItsWay(leg)).map(({ key }) => key));
  return legs.map(({ key }) => key).filter((key) => notEnded.has(key));
}

/** Leaves out what an earlier proposal of the same day has done. */
function notDoneToday({ legs }: Decision, { past, date, settings }: DecisionInput): readonly ShopLeg[] {
  const done = doneOn(date, past);
  const left = legs.filter((leg) => hasRoom(leg, done, settings));
  const room = settings.buysPerDay - done.filter(isBuying).length;
  const buys = new Set(left.filter(({ kind }) => kind === "buy").slice(0, Math.max(0, room)));
  return left.filter((leg) => leg.kind !== "buy" || buys.has(leg));
}

/** Legs of the day that are filled, on their way, or on a card that may still be confirmed. */
export const doneOn = (date: string, past: readonly Proposal[]): ProposedLeg[] =>
  past
    .filter((proposal) => proposal.date === date)
    .flatMap(({ legs }) => legs)
    .filter((leg) => leg.filledQty > 0 || isOnItsWay(leg));

const isOnItsWay = ({ intent, isSettled }: ProposedLeg): boolean => intent !== null && !isSettled;

/** Whether the day has room for the leg: one sale, one averaging or `buysPerDay` buys, and no share bought twice. */
export function hasRoom(
  leg: ShopLeg,
  done: readonly ShopLeg[],
  { buysPerDay }: Pick<ShopSettings, "buysPerDay">,
): boolean {
  const bought = done.filter(isBuying);
  if (leg.kind === "sell") return bought.length === done.length;
  if (leg.kind === "average") return bought.length === 0;
  return bought.length < buysPerDay && bought.every(({ key }) => key !== leg.key);
}

const isBuying = ({ kind }: ShopLeg): boolean => kind !== "sell";
