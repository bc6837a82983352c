import { ticker } from "../../domain/instrument.ts";
import { istDate, istTime } from "../../domain/market.ts";
import type { Order } from "../../domain/order.ts";
import { isUnderWay, type Leg, type LegState } from "../../domain/order-intent.ts";
import type { Link } from "../../services/accounts/accounts.ts";
import type { Intent } from "../../services/orders/journal.ts";
import { html, lines, type Html } from "../html.ts";
import { dateText, quantity } from "./amounts.ts";

/** The states of orders that the broker's book does not show: not seen there yet, not found, or never placed. */
const UNBOOKED: Readonly<Partial<Record<LegState, string>>> = {
  sending: "being sent",
  unknown: "not known yet",
  working: "taken by the broker, not seen in its book yet",
  "not-sent": "not sent",
  "not-found": "not placed",
  unresolved: "not followed to its end",
};
const MAX_LISTED = 10;

interface Unbooked {
  readonly intent: Intent;
  readonly leg: Leg;
}

interface UnbookedInput {
  readonly intents: readonly Intent[];
  readonly links: readonly Link[];
  /** The brokers' books. An order that appears in one is left out, even if its leg does not know yet. */
  readonly booked: readonly Order[];
  readonly now: number;
}

/** Orders placed here, today or for a session to come, that no broker's book shows; null when there are none. */
export function unbookedOrders({ intents, links, booked, now }: UnbookedInput): Html | null {
  const tags = new Set(booked.map(({ tag }) => tag));
  const ids = new Set(booked.map(({ orderId }) => orderId));
  const rows = intents
    .flatMap(unbookedLegs)
    .filter((row) => isOfToday(row.intent, now) || mayWait(row))
    .filter(({ leg }) => !tags.has(leg.tag) && (leg.orderId === null || !ids.has(leg.orderId)))
    .sort(mayBeLiveFirst);
  if (rows.length === 0) return null;
  return lines(
    html`<b>Not in the brokers' books</b>`,
    ...rows.slice(0, MAX_LISTED).map((row) => line(row, links, now)),
    rows.length > MAX_LISTED && html`… and ${rows.length - MAX_LISTED} more.`,
  );
}

const isOfToday = ({ confirmedAt }: Intent, now: number): boolean =>
  confirmedAt !== null && istDate(confirmedAt) === istDate(now);

const mayWait = ({ intent, leg }: Unbooked): boolean => intent.plan.isAmo && isUnderWay(leg);

const confirmedAt = ({ intent }: Unbooked): number => intent.confirmedAt ?? intent.createdAt;
const isDead = ({ leg }: Unbooked): boolean => leg.state === "not-sent" || leg.state === "rejected";

/** Orders that may be live come first, because the list is cut; then the newest. */
const mayBeLiveFirst = (a: Unbooked, b: Unbooked): number =>
  Number(isDead(a)) - Number(isDead(b)) || confirmedAt(b) - confirmedAt(a);

function unbookedLegs(intent: Intent): Unbooked[] {
  const refused = (leg: Leg): boolean => leg.state === "rejected" && leg.orderId === null;
  const seen = (leg: Leg): boolean => leg.state === "working" && leg.booked !== null;
  return intent.legs
    .filter((leg) => (UNBOOKED[leg.state] !== undefined && !seen(leg)) || refused(leg))
    .map((leg) => ({ intent, leg }));
}

function line(row: Unbooked, links: readonly Link[], now: number): Html {
  const { intent, leg } = row;
  const label = links.find((link) => link._id === leg.link)?.label ?? "unlinked";
  const what = UNBOOKED[leg.state] ?? "refused";
  const why = leg.reason === null ? "" : `: ${leg.reason}`;
  const { plan } = intent;
  const date = isOfToday(intent, now) ? "" : `${dateText(istDate(confirmedAt(row)))} `;
  return html`${date}${istTime(confirmedAt(row))} ${plan.side} ${quantity(leg.qty)} ${ticker(plan.symbol)} <i>${label}</i> <b>${what}</b>${why}`;
}
