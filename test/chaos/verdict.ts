import type { Leg } from "../../src/domain/order-intent.ts";
import type { Order } from "../../src/domain/order.ts";
import { isDeliverySale, type Position } from "../../src/domain/portfolio.ts";
import type { Intent } from "../../src/services/orders/journal.ts";

export interface Verdict {
  readonly states: Readonly<Record<string, number>>;
  readonly confirmed: number;
  /** Orders in the exchange's book beyond one for each confirmed order, or without a confirmation at all. */
  readonly duplicated: number;
  /** Confirmed orders that exist and are said not to, or of which nothing is known in the end. */
  readonly lost: number;
  /** Said to be something else than what the exchange's book has. */
  readonly wrong: number;
  readonly details: readonly string[];
}

/** What the bot says of every order against the exchange's own book. */
export function judge(intents: readonly Intent[], book: ReadonlyMap<string, readonly Order[]>): Verdict {
  const tally = { duplicated: 0, lost: 0, wrong: 0 };
  const states: Record<string, number> = {};
  const details: string[] = [];
  const known = new Set<string>();
  const find = (kind: keyof typeof tally, leg: Leg, orders: readonly Order[]): void => {
    tally[kind] += 1;
    const there = orders.map((order) => `${order.status} ${order.filledQty}/${order.qty}`).join(", ");
    details.push(`${kind}: ${leg.tag} is ${leg.state} ${leg.filledQty}/${leg.qty}, the book has [${there}]`);
  };

  for (const intent of intents) {
    for (const leg of intent.legs) {
      known.add(leg.tag);
      const orders = book.get(leg.tag) ?? [];
      if (intent.confirmedAt !== null) states[leg.state] = (states[leg.state] ?? 0) + 1;
      const kind = faultOf(intent, leg, orders);
      if (kind) find(kind, leg, orders);
    }
  }
  for (const [tag, orders] of book) {
    if (known.has(tag)) continue;
    tally.lost += orders.length;
    details.push(`lost: ${orders.length} of tag ${tag} are in no record`);
  }
  const confirmed = intents.filter((intent) => intent.confirmedAt !== null).length;
  return { ...tally, states, confirmed, details };
}

/** Rows that only exits traded in: what they made of them beyond closing them. */
export function overdone(
  before: ReadonlyMap<string, readonly Position[]>,
  after: ReadonlyMap<string, readonly Position[]>,
): string[] {
  return [...before].flatMap(([account, rows]) =>
    rows.flatMap((row) => {
      const same = after.get(account)?.find((each) => each.key === row.key && each.productType === row.productType);
      const [had, has] = [signed(row), same ? signed(same) : 0];
      const isFine = isDeliverySale(row) ? has === had : has * had >= 0 && Math.abs(has) <= Math.abs(had);
      return isFine ? [] : [`overdone: ${row.productType} ${row.symbol} at ${account} was ${had} and is ${has}`];
    }),
  );
}

const signed = ({ side, qty }: Position): number => (side === "SELL" ? -qty : qty);

const THERE: Readonly<Record<Order["status"], Leg["state"]>> = {
  pending: "working",
  open: "working",
  "trigger-pending": "working",
  filled: "filled",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
};
/** Ends that say that there is no order. */
const NOT_THERE: ReadonlySet<Leg["state"]> = new Set(["not-sent", "not-found", "rejected"]);
const OPEN_ENDED: ReadonlySet<Leg["state"]> = new Set(["sending", "unknown", "unresolved"]);

function faultOf(intent: Intent, leg: Leg, orders: readonly Order[]): "duplicated" | "lost" | "wrong" | null {
  const [order, ...more] = orders;
  if (more.length > 0) return "duplicated";
  if (intent.confirmedAt === null) return order ? "duplicated" : null;
  if (OPEN_ENDED.has(leg.state)) return "lost";
  if (!order) return NOT_THERE.has(leg.state) ? null : "wrong";
  if (leg.state === "not-sent" || leg.state === "not-found") return "lost";
  const isSame =
    leg.state === THERE[order.status] &&
    leg.filledQty === order.filledQty &&
    leg.qty === order.qty &&
    Math.abs(leg.avgPrice - order.avgPrice) <= AVERAGE_ROUNDING;
  return isSame ? null : "wrong";
}

/** Brokers report averages to the paisa or to four decimals. */
const AVERAGE_ROUNDING = 100;
