import type { Leg } from "../../src/domain/order-intent.ts";
import type { Order } from "../../src/domain/order.ts";
import { isDeliverySale, type Position } from "../../src/domain/portfolio.ts";
import type { Intent } from "../../src/services/orders/journal.ts";

export interface Verdict {
  readonly states: Readonly<Record<string, number>>;
  readonly confirmed: number;
  /** Orders that the exchange has more than once, or without a confirmation. */
  readonly duplicated: number;
  /** Orders that exist although the bot says they do not, or whose state the bot does not know in the end. */
  readonly lost: number;
  /** Orders whose state or quantities in the bot's record differ from the exchange's book. */
  readonly wrong: number;
  readonly details: readonly string[];
}

/** Compares what the bot recorded of every order with the exchange's own book. */
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

/** Positions that only exits traded in since `before`: lists those that exits turned around or made larger. */
export function overclosed(
  before: ReadonlyMap<string, readonly Position[]>,
  after: ReadonlyMap<string, readonly Position[]>,
): string[] {
  return [...before].flatMap(([account, rows]) =>
    rows.flatMap((row) => {
      const same = after.get(account)?.find((each) => each.key === row.key && each.productType === row.productType);
      const [had, has] = [signed(row), same ? signed(same) : 0];
      const isFine = isDeliverySale(row) ? has === had : has * had >= 0 && Math.abs(has) <= Math.abs(had);
      return isFine ? [] : [`overclosed: ${row.productType} ${row.symbol} at ${account} was ${had} and is ${has}`];
    }),
  );
}

const signed = ({ side, qty }: Position): number => (side === "SELL" ? -qty : qty);

const EXPECTED_STATE: Readonly<Record<Order["status"], Leg["state"]>> = {
  pending: "working",
  open: "working",
  "trigger-pending": "working",
  filled: "filled",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
};
/** Final states that claim that no order exists at the exchange. */
const CLAIMS_NO_ORDER: ReadonlySet<Leg["state"]> = new Set(["not-sent", "not-found", "rejected"]);
const OPEN_ENDED: ReadonlySet<Leg["state"]> = new Set(["sending", "unknown", "unresolved"]);

function faultOf(intent: Intent, leg: Leg, orders: readonly Order[]): "duplicated" | "lost" | "wrong" | null {
  const [order, ...more] = orders;
  if (more.length > 0) return "duplicated";
  if (intent.confirmedAt === null) return order ? "duplicated" : null;
  if (OPEN_ENDED.has(leg.state)) return "lost";
  if (!order) return CLAIMS_NO_ORDER.has(leg.state) ? null : "wrong";
  if (leg.state === "not-sent" || leg.state === "not-found") return "lost";
  const isSame =
    leg.state === EXPECTED_STATE[order.status] &&
    leg.filledQty === order.filledQty &&
    leg.qty === order.qty &&
    Math.abs(leg.avgPrice - order.avgPrice) <= AVERAGE_ROUNDING;
  return isSame ? null : "wrong";
}

/** Brokers report averages to the paisa or to four decimals. */
const AVERAGE_ROUNDING = 100;
