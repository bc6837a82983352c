import { ticker, type Instrument } from "../../../domain/instrument.ts";
import { ZERO_PRICE } from "../../../domain/money.ts";
import { accountBehind, type Link } from "../../accounts.ts";
import type { User } from "../../users.ts";
import type { ShopAccount } from "./account.ts";
import { averageCost, heldAfter, leftOf } from "./ledger.ts";
import type { ShopMarket } from "./market.ts";
import {
  fillsOf,
  legsByKey,
  type Proposal,
  type ProposalDocument,
  type ProposalNote,
  type ProposedLeg,
} from "./proposals.ts";
import { decide, LEAST_PRICED_SHARE, type Decision, type HeldView, type ShopLeg } from "./rules.ts";
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

/** The day's decision as a document: priced, checked against the account, and nothing that today has had already. */
export function decided(input: DecisionInput): ProposalDocument {
  const { market, account, isDry, link, past } = input;
  const { held, notes, leftOut } = heldViews(input);
  const behind = link && accountBehind(link);
  const isPriced = market.members.length >= input.members.length * LEAST_PRICED_SHARE;
  const members = market.members.filter(({ key }) => !leftOut.has(key));
  const decision = decide({ members, held, cash: account?.cash ?? null }, rulesOf(input.settings));
  const instruments = new Map([...legsByKey(past), ...market.instruments]);
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
      return instrument ? [proposed(leg, instrument, isDry)] : [];
    }),
    missed: decision.missed.map((each) => ({ ...each, symbol: symbolOf(each.key) })),
    notes: [
      ...notes,
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

/** A dry leg is done at the price that was seen. */
const proposed = (leg: ShopLeg, instrument: Instrument, isDry: boolean): ProposedLeg => ({
  ...leg,
  instrument,
  state: "open",
  intent: null,
  filledQty: isDry ? leg.qty : 0,
  avgPrice: isDry ? leg.price : ZERO_PRICE,
  isSettled: isDry,
});

/** The strategy's own shares, no more of each than the account still has; one that was split is left out of the decision. */
function heldViews({ past, market, account }: DecisionInput) {
  const instruments = legsByKey(past);
  const notes: ProposalNote[] = [];
  const leftOut = new Set<Instrument["key"]>();
  const fills = fillsOf(past);
  const held = [...heldAfter(fills).values()].flatMap((share): HeldView[] => {
    const inAccount = account ? (account.held.get(share.key) ?? 0) : share.qty;
    const qty = Math.min(share.qty, inAccount);
    const symbol = instruments.get(share.key)?.symbol;
    if (qty < share.qty && symbol) {
      notes.push({ kind: "fewer-held", symbol: ticker(symbol), held: inAccount, bought: share.qty });
    }
    if (qty <= 0) return [];
    if (market.rebased.has(share.key) && symbol) {
      leftOut.add(share.key);
      notes.push({ kind: "rebased", symbol: ticker(symbol) });
      return [];
    }
    const { key, lastBuyPrice } = share;
    const avgPrice = averageCost(leftOf(share, qty, fills));
    return [{ key, qty, lastBuyPrice, avgPrice, price: market.prices.get(key) ?? null }];
  });
  return { held, notes, leftOut };
}

/** A second run on one day does not do again what the first has done. */
function notDoneToday({ legs }: Decision, { past, date, settings }: DecisionInput): readonly ShopLeg[] {
  const done = doneOn(date, past);
  const left = legs.filter((leg) => hasRoom(leg, done, settings));
  const room = settings.buysPerDay - done.filter(isBuying).length;
  const buys = new Set(left.filter(({ kind }) => kind === "buy").slice(0, Math.max(0, room)));
  return left.filter((leg) => leg.kind !== "buy" || buys.has(leg));
}

/** What the day has had: filled, on its way, or on a card that may still be confirmed. */
export const doneOn = (date: string, past: readonly Proposal[]): ProposedLeg[] =>
  past
    .filter((proposal) => proposal.date === date)
    .flatMap(({ legs }) => legs)
    .filter((leg) => leg.filledQty > 0 || (leg.intent !== null && !leg.isSettled));

/** Whether the day may have the leg besides: one sale, one averaging, so many buys, and none of them twice. */
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
