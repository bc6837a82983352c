import type { UnreadRow } from "../../domain/book.ts";
import type { LinkId, UserId } from "../../domain/ids.ts";
import { isUnderWay, type Leg, type OrderPlan } from "../../domain/order-intent.ts";
import type { Order } from "../../domain/order.ts";
import type { Log } from "../../lib/log.ts";
import { accountBehind, type Accounts, type Link } from "../accounts/accounts.ts";
import type { Intent, Journal } from "./journal.ts";
import type { Watcher } from "./watcher.ts";

/** Orders placed through this bot, by any user, that the account's positions may not show yet. */
export interface UnderWay {
  has(link: LinkId, plan: Traded): boolean;
  /** Whether one was confirmed since `at` (epoch ms), whatever its state now. */
  hasSince(link: LinkId, plan: Traded, at: number): boolean;
}
/** What identifies a trade in an account: orders with the same open, enlarge or close the same position. */
type Traded = Pick<OrderPlan, "key" | "side" | "productType">;

export interface UnderWayDeps {
  readonly accounts: Pick<Accounts, "sharing">;
  readonly journal: Pick<Journal, "recent">;
  readonly watcher: Pick<Watcher, "look">;
  readonly log: Log;
}

/**
 * Call this before reading positions, and the function it returns after that, as late as possible. An order that was
 * live before the read, or was confirmed since, may be missing from the positions, whatever its state now.
 */
export async function beforePositions(
  deps: UnderWayDeps,
  user: UserId,
  isRelevant: (plan: OrderPlan) => boolean = () => true,
): Promise<() => Promise<UnderWay>> {
  const { read, accountOf } = await ordersAround(deps, user);
  const recent = async (): Promise<Intent[]> => (await read()).filter(({ plan }) => isRelevant(plan));
  const keyOf = (link: LinkId, plan: Traded): string => `${accountOf(link)} ${tradeKey(plan)}`;
  const allKeys = ({ plan, legs }: Intent): string[] => legs.map(({ link }) => keyOf(link, plan));
  const liveKeys = ({ plan, legs }: Intent): string[] => legs.filter(isUnderWay).map(({ link }) => keyOf(link, plan));
  await Promise.all((await recent()).filter(isLive).map((intent) => lookAt(deps, intent)));
  const before = await recent();
  const known = new Set(before.filter(isConfirmed).map(({ _id }) => _id));

  return async () => {
    const after = await recent();
    const confirmedSince = after.filter((intent) => isConfirmed(intent) && !known.has(intent._id));
    const keys = new Set([...[...before, ...after].flatMap(liveKeys), ...confirmedSince.flatMap(allKeys)]);
    return {
      has: (link, plan) => keys.has(keyOf(link, plan)),
      hasSince: (link, plan, at) =>
        after
          .filter(({ confirmedAt }) => confirmedAt !== null && confirmedAt >= at)
          .flatMap(allKeys)
          .includes(keyOf(link, plan)),
    };
  };
}

/** Recent orders at the user's accounts, including those of other users who have linked the same account. */
async function ordersAround({ accounts, journal }: Pick<UnderWayDeps, "accounts" | "journal">, user: UserId) {
  const links = await accounts.sharing(user);
  const known = new Map(links.map((link) => [link._id, accountBehind(link)]));
  const users = [...new Set([user, ...links.map(({ user_id }) => user_id)])];
  return {
    read: async (): Promise<Intent[]> => {
      const all = (await Promise.all(users.map((each) => journal.recent(each)))).flat();
      return all.filter(({ userId, legs }) => userId === user || legs.some(({ link }) => known.has(link)));
    },
    accountOf: (link: LinkId): string => known.get(link) ?? link,
  };
}

/** Re-reads an order. If the book cannot be read, the order counts as it was. */
export async function lookAt({ watcher, log }: UnderWayDeps, intent: Intent): Promise<Intent> {
  return watcher.look(intent).catch((error: unknown) => {
    log.warn({ err: error, intent: intent._id }, "order could not be re-read");
    return intent;
  });
}

/** A leg that may be live but is not among the account's open orders, so it could not be cancelled. */
export interface Unseen {
  readonly link: Link;
  readonly intent: Intent;
  readonly leg: Leg;
}

interface BooksRead {
  readonly user: UserId;
  /** Orders of this group are left out. */
  readonly group: string;
  /** Open orders of the accounts that could be read. */
  readonly books: readonly {
    readonly link: Link;
    readonly orders: readonly Order[];
    readonly unread: { readonly orders: readonly UnreadRow[] };
  }[];
}

/** Call this after the books have been read. */
export async function unseenIn(deps: UnderWayDeps, { user, group, books }: BooksRead): Promise<Unseen[]> {
  const { read, accountOf } = await ordersAround(deps, user);
  const live = (await read()).filter((intent) => intent.group !== group && isLive(intent));
  const looked = await Promise.all(live.map((intent) => lookAt(deps, intent)));
  return books.flatMap(({ link, orders, unread }) =>
    looked.flatMap((intent) =>
      intent.legs
        .filter((leg) => accountOf(leg.link) === accountOf(link._id) && isUnderWay(leg))
        .filter((leg) => !orders.some(({ orderId, tag }) => orderId === leg.orderId || tag === leg.tag))
        .filter((leg) => leg.orderId === null || !unread.orders.some(({ orderId }) => orderId === leg.orderId))
        .map((leg) => ({ link, intent, leg })),
    ),
  );
}

/** Longer than an order takes from its last check to its confirmation, shorter than a user takes to confirm another. */
const SAME_MOMENT_MS = 1_000;

/**
 * The links at whose accounts another market order that closes the same position is live or was confirmed at about the
 * same moment. Panics, exit cards and other users of the account run concurrently, so neither may have seen the other
 * before confirming. Both call this after their confirmation is durable, so at least one of them sees the other.
 */
export async function rivalsOf(
  deps: Pick<UnderWayDeps, "accounts" | "journal">,
  intent: Intent,
): Promise<ReadonlySet<LinkId>> {
  const { read, accountOf } = await ordersAround(deps, intent.userId);
  const since = (intent.confirmedAt ?? 0) - SAME_MOMENT_MS;
  const others = (await read())
    .filter(({ _id, group }) => _id !== intent._id && (group === null || group !== intent.group))
    .filter(({ plan }) => plan.terms.type === "MARKET" && isSameTrade(plan, intent.plan));
  const rivalled = new Set(
    others.flatMap(({ confirmedAt, legs }) =>
      legs.filter((leg) => isUnderWay(leg) || (confirmedAt ?? 0) >= since).map(({ link }) => accountOf(link)),
    ),
  );
  return new Set(intent.legs.map(({ link }) => link).filter((link) => rivalled.has(accountOf(link))));
}

const isConfirmed = ({ confirmedAt }: Intent): boolean => confirmedAt !== null;
const isLive = ({ legs }: Intent): boolean => legs.some(isUnderWay);
const tradeKey = ({ key, side, productType }: Traded): string => `${key} ${side} ${productType}`;
export const isSameTrade = (one: Traded, other: Traded): boolean => tradeKey(one) === tradeKey(other);
