import type { MarketSession, Phase } from "../domain/calendar.ts";
import type { Uncounted } from "../domain/fifo.ts";
import { html, type Html } from "./html.ts";
import { dateText } from "./render/amounts.ts";

/** Texts of the scheduled messages and of /pnl: mornings, closings, the calendar. */

export type SessionStanding =
  | { readonly kind: "alive" }
  | { readonly kind: "dead" }
  /** Alive now, but ends before the day is over: at HH:MM. */
  | { readonly kind: "ends"; readonly at: string };

export const morning = {
  due: (count: number): Html =>
    html`<b>Good morning.</b> ${count === 1 ? "One login is" : `${count} logins are`} due today.`,
  allDone: (): Html => html`<b>Good morning.</b> Every account is logged in.`,
  account: (label: string, title: string, session: SessionStanding): Html => {
    switch (session.kind) {
      case "alive":
        return html`✅ <b>${label}</b> ${title}, logged in`;
      case "ends":
        return html`🟠 <b>${label}</b> ${title}, its session ends at ${session.at}`;
      case "dead":
        return html`🔴 <b>${label}</b> ${title}`;
    }
  },
  nudge: (): Html => html`⚠️ <b>Still not logged in, and something depends on it:</b>`,
  depends: (label: string, what: readonly string[]): Html => html`🔴 <b>${label}</b>: ${what.join(", ")}`,
  carried: (count: number): string => `${count} ${count === 1 ? "position" : "positions"} carried`,
  openOrders: (count: number): string => `${count} ${count === 1 ? "order" : "orders"} open`,
  alerts: (count: number): string => `${count} ${count === 1 ? "alert" : "alerts"} set`,
  strategy: (): string => "Nifty Shop runs today",
};

export const calendar = {
  /** The note under a message sent on a day for which the calendar does not say whether the market trades. */
  unknownYear: (date: string): Html =>
    html`<i>The holidays of ${date.slice(0, 4)} are not known here, so this comes on every weekday.</i>`,
  /** The note under a digest that was run by hand too early. */
  notFinal: (time: string): Html => html`<i>Prices of this day are not final before ${time}.</i>`,
  missingYear: (year: number): Html =>
    html`The trading holidays of ${year} are not known here. The exchanges publish them in mid-December. Put them into <code>calendar.json</code> in the data directory, or update Sauda; until then messages come on every weekday.`,
  nextUnknown: (date: string): Html => html`What comes after ${dateText(date)} is not known: its list is not out yet.`,
};

const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  "pre-open": "pre-open, orders are taken",
  "pre-open-matching": "pre-open, matching",
  continuous: "open",
  "auction-reference": "closing auction, reference price is made",
  auction: "closing auction, limit and market orders",
  "auction-limit-only": "closing auction, limit orders only",
  "auction-matching": "closing auction, matching",
  "post-close": "post-close, at the closing price",
};
const phaseText = (phase: Phase): string => PHASE_TEXTS[phase];

export function sessionText(session: MarketSession, until: string): string {
  switch (session.kind) {
    case "phase":
      return `${phaseText(session.phase)}, until ${until}`;
    case "closed":
      return "closed now";
    case "hours-unknown":
      return "times are announced by circular";
    case "unknown":
      return session.what === "year" ? "calendar not known for this year" : "not in the calendar";
  }
}

const UNCOUNTED = {
  oversold: "sold more than recorded",
  rebased: "split or bonus since the purchase",
  unrecorded: "earlier trades not recorded",
  expired: "expired open",
  unended: "intraday, its end not recorded",
} as const satisfies Record<Uncounted["why"], string>;

const HOW_DAYS_ARE_KEPT = "Each trading day after the close I keep the day of every account that is logged in.";

export const pnl = {
  none: (): Html => html`Nothing is recorded yet. ${HOW_DAYS_ARE_KEPT}`,
  noneThen: (): Html => html`Nothing is recorded for this time. ${HOW_DAYS_ARE_KEPT}`,
  badDate: (): Html => html`Which day? Like this: <code>/pnl 2026-10-14</code>, <code>/pnl since 2026-04-01</code>`,
  usage: (): Html =>
    html`Like this: <code>/pnl</code> today, <code>/pnl yesterday</code>, <code>/pnl week</code>, <code>/pnl last month</code>, <code>/pnl year</code>, <code>/pnl 2026-10-14</code>, <code>/pnl 2026-10</code>, <code>/pnl since 2026-04-01</code>, <code>/pnl chart</code>`,
  keptDay: (date: string): Html => html`<i>One day kept: ${dateText(date)}.</i>`,
  keptDays: (from: string, to: string): Html => html`<i>${dateText(from)} to ${dateText(to)}, days I have kept.</i>`,
  gaps: (days: number): Html =>
    days === 1
      ? html`<i>1 trading day in between was not kept: its figures are missing.</i>`
      : html`<i>${days} trading days in between were not kept: their figures are missing.</i>`,
  missed: (days: number, of: number): Html =>
    of === 1
      ? html`<i>An account was not read that day: its figures are missing.</i>`
      : html`<i>On ${days} of these days an account was not read: its figures are missing.</i>`,
  uncounted: (count: number, names: string): Html => html`<i>${count} not counted as realised: ${names}.</i>`,
  undated: (names: string): Html =>
    html`<i>Day by day leaves out days of ${names} on which the change was not known.</i>`,
  tradedOn: (names: string): Html =>
    html`<i>Commodities and currencies trade on after the close: what ${names} makes then is in no day's figures.</i>`,
  uncharged: (names: string): Html => html`<i>Charges leave out ${names}: in no list of instruments.</i>`,
  uncountedName: (name: string, why: Uncounted["why"]): string => `${name} (${UNCOUNTED[why]})`,
};
