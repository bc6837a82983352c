import { intentId, type UserId } from "../../domain/ids.ts";
import type { Instrument, Segment } from "../../domain/instrument.ts";
import { istDate } from "../../domain/market.ts";
import { type Paise, type Price, valueOf } from "../../domain/money.ts";
import { expectedPrice, type Order, type OrderChange } from "../../domain/order.ts";
import type { Collection, CollectionSpec, Document } from "../../ports/store.ts";
import type { Link } from "../accounts/accounts.ts";
import { changeDocument } from "../change-document.ts";
import { createAudit, type AuditDeps } from "../people/audit.ts";
import type { Admission } from "./desk.ts";
import type { Finding } from "./findings.ts";
import { type Intent, reducesRisk, type Journal } from "./journal.ts";
import { createLossRule, type LossRuleDeps } from "./loss-rule.ts";
import { hasLapsed, orderCount } from "./ticket-plan.ts";
import type { TicketGuard } from "./tickets.ts";

/** Limits that a user sets for themselves; null means no limit. */
export interface LimitValues {
  readonly orderValue: Paise | null;
  readonly ordersPerDay: number | null;
  readonly dayLoss: Paise | null;
  readonly segments: readonly Segment[] | null;
  /** How far a market order's price may move between card and confirmation, in 1/100 percent. */
  readonly driftBasisPoints: number | null;
}
export type LimitName = keyof LimitValues;
export const DEFAULT_LIMITS: LimitValues = {
  orderValue: null,
  ordersPerDay: null,
  dayLoss: null,
  segments: null,
  driftBasisPoints: 50,
};

/** Looser values that take effect on a later day (`from`, YYYY-MM-DD). */
type Waiting = { readonly [K in LimitName]?: { readonly value: LimitValues[K]; readonly from: string } };

interface LimitsDocument extends Document {
  readonly _id: UserId;
  readonly values: LimitValues;
  readonly waiting: Waiting;
  /** The day's admitted orders, stored here so that admitting and counting are one write. */
  readonly day: { readonly date: string; readonly orders: readonly { readonly id: string; readonly count: number }[] };
}

const limitsSpec: CollectionSpec<LimitsDocument> = { name: "limits", indexes: [], encrypted: [], durability: "full" };

/** The limits in force today, and the looser ones still waiting. */
export interface LimitState {
  readonly values: LimitValues;
  readonly waiting: Waiting;
}

export interface Limits extends TicketGuard, Admission {
  of(user: UserId): Promise<LimitState>;
  /** A tighter value takes effect at once, a looser one on the next trading day. */
  set<K extends LimitName>(user: UserId, name: K, value: LimitValues[K]): Promise<LimitState>;
  checkChange(link: Link, instrument: Instrument | undefined, order: Order, change: OrderChange): Promise<Finding[]>;
}

export interface LimitsDeps extends LossRuleDeps, AuditDeps {
  readonly journal: Journal;
}

/** With at least this many confirmed orders, one above LARGE_MULTIPLE times their median value is unusually large. */
const MIN_ORDERS_FOR_MEDIAN = 5;
const LARGE_MULTIPLE = 5;

export function createLimits(deps: LimitsDeps): Limits {
  const { clock, journal } = deps;
  const audit = createAudit(deps);
  const lossRule = createLossRule(deps);
  const limits: Collection<LimitsDocument> = deps.store.collection(limitsSpec);
  const today = (): string => istDate(clock.now());

  async function of(user: UserId): Promise<LimitState> {
    const stored = await limits.get(user);
    return stored ? inForce(stored, today()) : { values: DEFAULT_LIMITS, waiting: {} };
  }

  async function change(
    user: UserId,
    apply: (stored: LimitsDocument) => Partial<LimitsDocument> | null,
  ): Promise<void> {
    const none: LimitsDocument = { _id: user, values: DEFAULT_LIMITS, waiting: {}, day: { date: "", orders: [] } };
    await changeDocument(limits, user, (stored) => {
      const changes = apply(stored ?? none);
      return changes && { ...(stored ?? none), ...changes };
    });
  }

  async function admit(intent: Intent): Promise<Finding | null> {
    if (reducesRisk(intent.origin)) return null;
    const { values } = await of(intent.userId);
    const blocking = [
      ...valueFindings(values, intent.plan.value),
      ...segmentFindings(values, intent.instrument),
      ...(await lossRule(
        intent.userId,
        intent.legs.map(({ link }) => link),
        values.dayLoss,
      )),
    ][0];
    if (blocking) return blocking;
    return values.ordersPerDay === null ? null : countIfRoom(intent);
  }

  /** Counts the order if the daily limit has room, in one write, so that two taps cannot both take the last place. */
  async function countIfRoom(intent: Intent): Promise<Finding | null> {
    const before = await confirmedToday(intent.userId);
    const unused = await unusedToday(await limits.get(intent.userId));
    let finding: Finding | null = null;
    await change(intent.userId, (stored) => {
      finding = null;
      const limit = inForce(stored, today()).values.ordersPerDay;
      const orders = stored.day.date === today() ? stored.day.orders : before;
      const others = orders.filter((order) => order.id !== intent._id && !unused.has(order.id));
      const isFull = limit !== null && countOf(others) + intent.legs.length > limit;
      if (isFull) finding = { level: "block", code: "limit-count", limit };
      if (isFull || limit === null) return null;
      return { day: { date: today(), orders: [...others, { id: intent._id, count: intent.legs.length }] } };
    });
    return finding;
  }

  /** Orders admitted but never confirmed, because the process or the store failed in between. They do not count. */
  async function unusedToday(stored: LimitsDocument | null): Promise<ReadonlySet<string>> {
    const ids = stored?.day.date === today() ? stored.day.orders.map(({ id }) => id) : [];
    const intents = await Promise.all(ids.map((id) => journal.get(intentId(id))));
    return new Set(intents.flatMap((intent) => (intent && isUnused(intent, clock.now()) ? [intent._id] : [])));
  }

  async function release(intent: Intent): Promise<void> {
    const stored = await limits.get(intent.userId);
    if (!stored?.day.orders.some((order) => order.id === intent._id)) return;
    await change(intent.userId, ({ day }) => ({
      day: { ...day, orders: day.orders.filter((order) => order.id !== intent._id) },
    }));
  }

  const confirmedToday = async (user: UserId): Promise<LimitsDocument["day"]["orders"]> =>
    (await journal.recent(user))
      .filter(({ confirmedAt }) => confirmedAt !== null && istDate(confirmedAt) === today())
      .filter((intent) => !reducesRisk(intent.origin))
      .map((intent) => ({ id: intent._id, count: intent.legs.length }));

  async function countFindings(user: UserId, values: LimitValues, asked: number): Promise<Finding[]> {
    const limit = values.ordersPerDay;
    if (limit === null) return [];
    const stored = await limits.get(user);
    const orders = stored?.day.date === today() ? stored.day.orders : await confirmedToday(user);
    const unused = await unusedToday(stored);
    const used = orders.filter(({ id }) => !unused.has(id));
    return countOf(used) + asked > limit ? [{ level: "block", code: "limit-count", limit }] : [];
  }

  async function largeFindings(user: UserId, value: Paise | null): Promise<Finding[]> {
    if (value === null) return [];
    const intents = await journal.recent(user);
    const values = intents
      .filter((intent) => intent.confirmedAt !== null)
      .flatMap((intent) => (intent.plan.value === null ? [] : [intent.plan.value]))
      .sort((a, b) => a - b);
    const usual = values[Math.floor(values.length / 2)];
    if (usual === undefined || values.length < MIN_ORDERS_FOR_MEDIAN || value <= usual * LARGE_MULTIPLE) return [];
    return [{ level: "warn", code: "large", usual }];
  }

  return {
    of,
    async set(user, name, value) {
      const before = await of(user);
      await change(user, (document) =>
        withLimit(inForce(document, today()), name, value, deps.nextTradingDay(today())),
      );
      const state = await of(user);
      const from = state.waiting[name]?.from ?? null;
      if (!isSameLimit(wantedIn(before, name), value))
        await audit.record(user, { what: "limit", limit: name, value, from });
      return state;
    },
    async check(request, plan) {
      if (reducesRisk(request.origin)) return [];
      const { values } = await of(request.userId);
      const asked = await Promise.all([
        lossRule(
          request.userId,
          request.parts.map(({ link }) => link._id),
          values.dayLoss,
        ),
        countFindings(request.userId, values, orderCount(request)),
        largeFindings(request.userId, plan.value),
      ]);
      return [...valueFindings(values, plan.value), ...segmentFindings(values, request.instrument), ...asked.flat()];
    },
    async checkChange({ _id, user_id }, instrument, order, change) {
      const { values } = await of(user_id);
      const isLarger = (change.qty ?? order.qty) > order.qty;
      const value = valueAfter(order, change);
      // A change that only makes the order smaller or cheaper is always allowed.
      if (!isLarger && (value === null || value <= valueOf(priceOf(order), order.qty))) return [];
      return [
        ...valueFindings(values, value),
        ...(instrument ? segmentFindings(values, instrument) : []),
        // A new price for the same quantity is exempt from the loss limit: it may be what gets the user out.
        ...(isLarger ? await lossRule(user_id, [_id], values.dayLoss) : []),
      ];
    },
    admit,
    release,
  };
}

/** The expected fill price of an open order; 0 when its book row has none. */
const priceOf = ({ price, triggerPrice, avgPrice }: Order): Price =>
  price > 0 ? price : triggerPrice > 0 ? triggerPrice : avgPrice;

/** Value of the order after the change; null when its price is unknown. */
function valueAfter(order: Order, { terms, qty = order.qty }: OrderChange): Paise | null {
  const at = (terms && expectedPrice(terms, null)) ?? priceOf(order);
  return at > 0 ? valueOf(at, qty) : null;
}

const isUnused = (intent: Intent, now: number): boolean =>
  intent.confirmedAt === null && (hasLapsed(intent, now) || intent.legs.every(({ state }) => state === "dropped"));

const countOf = (orders: LimitsDocument["day"]["orders"]): number =>
  orders.reduce((sum, order) => sum + order.count, 0);

function valueFindings({ orderValue }: LimitValues, value: Paise | null): Finding[] {
  if (orderValue === null || (value !== null && value <= orderValue)) return [];
  return [{ level: "block", code: "limit-value", limit: orderValue }];
}

function segmentFindings({ segments }: LimitValues, { segment }: Instrument): Finding[] {
  return segments === null || segments.includes(segment) ? [] : [{ level: "block", code: "limit-segment", segment }];
}

/** The value that the user set last, in force or waiting. */
function wantedIn<K extends LimitName>({ values, waiting }: LimitState, name: K): LimitValues[K] {
  const later = waiting[name];
  return later ? later.value : values[name];
}

/** Applies the waiting values that are due today, and the defaults of limits that are newer than the document. */
export function inForce({ values, waiting }: LimitState, today: string): LimitState {
  const due = Object.entries(waiting).filter(([, each]) => each.from <= today);
  const later = Object.entries(waiting).filter(([, each]) => each.from > today);
  return {
    values: { ...DEFAULT_LIMITS, ...values, ...Object.fromEntries(due.map(([name, each]) => [name, each.value])) },
    waiting: Object.fromEntries(later),
  };
}

/** Sets a limit, replacing a waiting value: the tighter of old and new applies now, a looser new one from `from` on. */
export function withLimit<K extends LimitName>(
  state: LimitState,
  name: K,
  value: LimitValues[K],
  from: string,
): LimitState {
  const now = tighterOf(name, state.values[name], value);
  const { [name]: _replaced, ...others } = state.waiting;
  return {
    values: { ...state.values, [name]: now },
    waiting: isSameLimit(now, value) ? others : { ...others, [name]: { value, from } },
  };
}

/** The tighter of two limits: what both allow. */
function tighterOf<K extends LimitName>(name: K, a: LimitValues[K], b: LimitValues[K]): LimitValues[K] {
  if (a === null) return b;
  if (b === null) return a;
  if (name === "segments") {
    const allowed = new Set(b as readonly Segment[]);
    return (a as readonly Segment[]).filter((segment) => allowed.has(segment)) as LimitValues[K] & Segment[];
  }
  return a < b ? a : b;
}

const isSameLimit = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((each) => b.includes(each)) : a === b;
