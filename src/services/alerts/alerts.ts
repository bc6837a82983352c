import PQueue from "p-queue";
import type { BrokerName, UserId } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { createFailureLog } from "../../lib/failure-log.ts";
import type { Log } from "../../lib/log.ts";
import { randomAlphanumeric } from "../../lib/token.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Store } from "../../ports/store.ts";
import { preferredPriceLink, type Accounts, type Link } from "../accounts/accounts.ts";
import type { Closes } from "../portfolio/closes.ts";
import type { Quotes } from "../quotes/quotes.ts";
import type { Users } from "../people/users.ts";
import {
  firedByExpiry,
  firedByNewPrice,
  firedByPnl,
  firedByPrice,
  isOnPnl,
  isOnPrice,
  isUntouchedBy,
  needsTime,
  type Alert,
  type AlertDocument,
  type FiredBy,
  type MetBy,
  type PriceAlert,
  type Priced,
} from "./alert.ts";
import { isPriceCondition, sidedBy, type AlertOrder, type Condition, type Level } from "./condition.ts";
import { changeDocument } from "../change-document.ts";
import { createAlertPnl, type PnlNow } from "./pnl.ts";
import { createAlertPrices } from "./prices.ts";

const alertsSpec: CollectionSpec<AlertDocument> = {
  name: "alerts",
  indexes: [
    { name: "user", fields: ["userId", "createdAt"] },
    { name: "armed", fields: ["isArmed", "createdAt"] },
  ],
  encrypted: [],
  durability: "full",
};
/** A fired alert is kept for its button and the list. */
const FIRED_KEPT_MS = 30 * 86_400_000;
const MAX_PER_USER = 50;
/** Users whose P&L is read at the same time. */
const PNL_CONCURRENCY = 16;

export interface NewAlert {
  readonly userId: UserId;
  readonly instrument: Instrument | null;
  readonly condition: Condition | Level;
  readonly order: AlertOrder | null;
}
export type AddResult =
  | { readonly kind: "added"; readonly alert: Alert; readonly priced: Priced | null }
  /** Nothing was added: the alert would fire at once. */
  | { readonly kind: "met-already"; readonly condition: Condition; readonly by: MetBy }
  /** Nothing was added: without a price, a level has no direction. */
  | { readonly kind: "no-side" }
  | { readonly kind: "too-many"; readonly most: number };

export interface Alerts {
  /** Adding an identical armed alert again answers the existing one. */
  add(alert: NewAlert): Promise<AddResult>;
  get(user: UserId, id: string): Promise<Alert | null>;
  /** Armed ones, oldest first. */
  armed(user: UserId): Promise<Alert[]>;
  remove(user: UserId, id: string): Promise<boolean>;
  /** Checks every armed alert on a price once, fetching prices in batches. Returns how many fired. */
  sweep(): Promise<number>;
  /** The same for alerts on the P&L, which takes two calls per account: apart, so that no price alert waits for them. */
  sweepPnl(): Promise<number>;
}

export interface AlertsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly users: Pick<Users, "get">;
  readonly accounts: Accounts;
  readonly closes: Closes;
  readonly quotes: Pick<Quotes, "many" | "forLink">;
  /** Tells the user. Must be idempotent per alert, and resolve only once the message is durable. */
  readonly onFire: (alert: Alert, by: FiredBy) => Promise<void>;
  /** Whether prices can move now. */
  readonly isMarketOpen: (at: number) => boolean;
}

type Terms = Pick<AlertDocument, "instrument" | "condition" | "order">;
const isSameAlert = (one: Terms, other: Terms): boolean =>
  one.instrument?.key === other.instrument?.key &&
  JSON.stringify([one.condition, one.order]) === JSON.stringify([other.condition, other.order]);

/** One user's failure must not stop the others' alerts. */
const logUnreadPnl = (log: Log, user: UserId) => (error: unknown) => {
  log.error({ err: error, user }, "P&L for alerts could not be read");
  return null;
};

/** Durable alerts that fire once each. They need no session: without one, prices come from Yahoo. */
export function createAlerts(deps: AlertsDeps): Alerts {
  const { accounts, clock, log } = deps;
  const alerts: Collection<AlertDocument> = deps.store.collection(alertsSpec);
  const pricesOf = createAlertPrices(deps);
  const pnlOf = createAlertPnl(deps);
  /** One for all alerts: while the store takes no writes, each is tried again at every sweep. */
  const posting = createFailureLog(log, {
    failed: "alert messages cannot be posted; retrying",
    recovered: "alert messages are posted again",
  });

  /** The link that a user's prices are read through: one with a live session; null means Yahoo. */
  async function priceLinkOf(user: UserId): Promise<Link | null> {
    const [links, owner] = await Promise.all([accounts.active(user), deps.users.get(user)]);
    const loggedIn = links.filter((link) => accounts.hasSession(link) && link.data_source === "broker");
    return preferredPriceLink(accounts, loggedIn, owner?.defaultLink ?? null);
  }

  async function priceFor(user: UserId, instrument: Instrument): Promise<Priced | null> {
    const link = await priceLinkOf(user);
    const quote = (await deps.quotes.many(link, [instrument])).get(instrument.key);
    return quote ? { quote, broker: link?.broker_name ?? null } : null;
  }

  const armedOf = async (user: UserId): Promise<Alert[]> =>
    (await alerts.find("user", [user], { order: "asc" })).filter(({ isArmed }) => isArmed);

  async function add(wanted: NewAlert): Promise<AddResult> {
    const { userId, instrument } = wanted;
    const priced = instrument && (await priceFor(userId, instrument));
    const condition =
      wanted.condition.kind === "level" ? priced && sidedBy(priced.quote, wanted.condition) : wanted.condition;
    if (condition === null) return { kind: "no-side" };
    const known = await armedOf(userId);
    const same = known.find((alert) => isSameAlert(alert, { ...wanted, condition }));
    // Telegram delivers the message again after a crash.
    if (same) return { kind: "added", alert: same, priced };
    if (known.length >= MAX_PER_USER) return { kind: "too-many", most: MAX_PER_USER };
    const now = clock.now();
    const isOpen = deps.isMarketOpen(now);
    if (isOpen) {
      const by = isPriceCondition(condition)
        ? priced && firedByPrice(condition, priced, now)
        : firedByPnl(condition, await pnlOf(userId));
      if (by) return { kind: "met-already", condition, by };
    }
    const document: AlertDocument = {
      ...wanted,
      condition,
      _id: randomAlphanumeric(12),
      isArmed: true,
      ...(isOpen ? {} : { pricedAfter: now }),
      ...(isOpen && isUntouchedBy(condition, priced) ? { untouchedAt: now } : {}),
      createdAt: now,
    };
    await alerts.insert(document);
    return { kind: "added", alert: { ...document, version: 1 }, priced };
  }

  async function sweep(): Promise<number> {
    const armed = (await armedNow()).filter(isOnPrice);
    const byExpiry = (alert: PriceAlert): FiredBy | null => firedByExpiry(alert, clock.now());
    const unexpired = armed.filter((alert) => byExpiry(alert) === null);
    const [expired, met] = await Promise.all([countFired(armed, byExpiry), sweepPrices(unexpired)]);
    return expired + met;
  }

  /** What can go off now: none while the market is closed. */
  async function armedNow(): Promise<Alert[]> {
    if (!deps.isMarketOpen(clock.now())) return [];
    return ofActiveUsers(await alerts.find("armed", [true], { order: "asc" }));
  }

  async function ofActiveUsers(armed: readonly Alert[]): Promise<Alert[]> {
    const ids = [...new Set(armed.map(({ userId }) => userId))];
    const users = await Promise.all(ids.map((id) => deps.users.get(id)));
    const active = new Set(
      users.flatMap((user) => (user && !user.hasStopped && user.role !== "blocked" ? [user._id] : [])),
    );
    return armed.filter(({ userId }) => active.has(userId));
  }

  /** Users of the same broker share one batch, read through one of their links: prices are not personal. */
  async function sweepPrices(armed: readonly PriceAlert[]): Promise<number> {
    const routes = new Map<UserId, Link | null>();
    for (const { userId } of armed) if (!routes.has(userId)) routes.set(userId, await priceLinkOf(userId));
    const groups = Map.groupBy(armed, ({ userId }): BrokerName | null => routes.get(userId)?.broker_name ?? null);
    const counts = await Promise.all(
      [...groups].map(async ([broker, group]) => {
        const quotes = await pricesOf(
          group.map((alert) => ({
            instrument: alert.instrument,
            link: routes.get(alert.userId) ?? null,
            needsClose: alert.condition.kind === "change",
            needsTime: (quote) => needsTime(alert, { quote, broker }, clock.now()),
          })),
        );
        const now = clock.now();
        const pricedFor = ({ instrument }: PriceAlert): Priced | null => {
          const quote = quotes.get(instrument.key);
          return quote ? { quote, broker } : null;
        };
        const count = await countFired(group, (alert) => {
          const priced = pricedFor(alert);
          return priced && firedByNewPrice(alert, priced, now);
        });
        for (const alert of group) {
          if (alert.untouchedAt === undefined && isUntouchedBy(alert.condition, pricedFor(alert)))
            await changeDocument(alerts, alert._id, (current) => current && { ...current, untouchedAt: now });
        }
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async function sweepPnl(): Promise<number> {
    const wanting = (await armedNow()).filter(isOnPnl);
    const pnls = new Map<UserId, PnlNow | null>();
    const queue = new PQueue({ concurrency: PNL_CONCURRENCY });
    const read = (user: UserId) => async (): Promise<void> =>
      void pnls.set(user, await pnlOf(user).catch(logUnreadPnl(log, user)));
    await queue.addAll([...new Set(wanting.map(({ userId }) => userId))].map(read));
    return countFired(wanting, ({ userId, condition }) => firedByPnl(condition, pnls.get(userId) ?? null));
  }

  /** Fires what `judge` says; one alert's failure does not stop the others. */
  async function countFired<A extends Alert>(some: readonly A[], judge: (alert: A) => FiredBy | null): Promise<number> {
    let count = 0;
    for (const alert of some) {
      const by = judge(alert);
      if (!by) continue;
      try {
        await fire(alert, by);
        count += 1;
        posting.recovered();
      } catch (error) {
        posting.failed(new Error(`alert ${alert._id}`, { cause: error }));
      }
    }
    return count;
  }

  /** Tells first, then disarms. A crash in between repeats `onFire` for the same alert, which is idempotent. */
  async function fire(alert: Alert, by: FiredBy): Promise<void> {
    await deps.onFire(alert, by);
    const current = await alerts.get(alert._id);
    if (!current) return;
    const { version, ...document } = current;
    await alerts.replace({ ...document, isArmed: false, expiresAt: clock.now() + FIRED_KEPT_MS }, version);
  }

  return {
    add,
    async get(user, id) {
      const found = await alerts.get(id);
      return found?.userId === user ? found : null;
    },
    armed: armedOf,
    async remove(user, id) {
      const found = await alerts.get(id);
      return found?.userId === user ? alerts.delete(id) : false;
    },
    sweep,
    sweepPnl,
  };
}
