import { InlineKeyboard } from "grammy";
import { listingName, type Instrument } from "../../domain/instrument.ts";
import { lastTradingDayUpTo, type TradingCalendar } from "../../domain/calendar.ts";
import { addDays, istDate, istInstant } from "../../domain/market.ts";
import type { Price } from "../../domain/money.ts";
import type { Quote } from "../../domain/portfolio.ts";
import type { Notification } from "../../ports/notifier.ts";
import type { Accounts, Link } from "../../services/accounts/accounts.ts";
import type { Alert, FiredBy, Priced } from "../../services/alerts/alert.ts";
import { isMetBy, type AlertOrder, type Condition } from "../../services/alerts/condition.ts";
import type { Settings } from "../../services/people/users.ts";
import { callbackData, keyArgument } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import { notificationButtons } from "../notification-buttons.ts";
import { paperNote } from "../text.ts";
import type { View } from "../view.ts";
import { changePercent, dateText, percent, rupeePrice, signedRupees, timeText } from "./amounts.ts";
import { choices } from "./choices.ts";
import { undatedCountNote } from "./notes.ts";
import { pageKeyboard, pageOf, stamp } from "./page.ts";
import { addLogins } from "./login-buttons.ts";
import { brokerTitle, pricedAt } from "./source.ts";

/** "SBIN at or above ₹850.00"; with hidden amounts, "P&L today at or below its level". */
export function conditionText(alert: Pick<Alert, "instrument" | "condition">, hidesAmounts = false): string {
  const what = alert.instrument === null ? "P&L today" : listingName(alert.instrument);
  return `${what} ${levelText(alert.condition, hidesAmounts)}`;
}

function levelText(condition: Condition, hidesAmounts: boolean): string {
  switch (condition.kind) {
    case "above":
      return `at or above ${rupeePrice(condition.price)}`;
    case "below":
      return `at or below ${rupeePrice(condition.price)}`;
    case "change":
      return `${percent(condition.basisPoints)} since the last close`;
    case "pnl-above":
      return `at or above ${hidesAmounts ? "its level" : signedRupees(condition.amount)}`;
    case "pnl-below":
      return `at or below ${hidesAmounts ? "its level" : signedRupees(condition.amount)}`;
  }
}

const orderText = ({ side, words }: AlertOrder): string => `${side === "BUY" ? "Buy" : "Sell"} ${words}`;

interface AlertsPage {
  readonly page: number;
  readonly settings: Pick<Settings, "alerts" | "hidesAmounts">;
  readonly now: number;
}

export function alertsView(alerts: readonly Alert[], { page, settings, now }: AlertsPage): View {
  const shown = pageOf(alerts, page);
  const { labels, list } = choices(
    shown.entries.map((alert) => {
      const order = alert.order ? ` · ${orderText(alert.order)}` : "";
      return `${conditionText(alert, settings.hidesAmounts)}${order}`;
    }),
  );
  const keyboard = new InlineKeyboard();
  shown.entries.forEach(({ _id }, at) => {
    keyboard.text(`✕ ${labels[at] ?? ""}`, callbackData("alx", _id, shown.page)).row();
  });
  return {
    html: lines(
      html`<b>Alerts</b>`,
      alerts.length === 0 ? alertText.none() : html`${alerts.length} armed. Each goes off once. Tap one to remove it.`,
      list,
      alerts.length > 0 && alertText.switchedOff(settings),
      stamp(now),
    ),
    keyboard: keyboard.append(pageKeyboard("all", shown)),
  };
}

interface FiredReader {
  readonly accounts: Pick<Accounts, "brokers">;
  readonly now: number;
  readonly hidesAmounts: boolean;
}

/** The message when an alert goes off. Its key makes the outbox send it once, however often it is posted. */
export function alertNotification(
  alert: Alert,
  by: FiredBy,
  reader: FiredReader & { readonly mayTrade: boolean; readonly calendar: TradingCalendar },
): Notification {
  const what = conditionText(alert, reader.hidesAmounts);
  return {
    key: `alert:${alert._id}`,
    userId: alert.userId,
    priority: "order",
    html: lines(
      by.kind === "expired" ? html`🔔 Disarmed: <b>${what}</b>` : html`🔔 <b>${what}</b>`,
      firedText(by, reader),
      by.kind === "price" && pastBeforeText(alert, by.quote, lastClose(reader)),
    ).toString(),
    buttons: notificationButtons(keyboardFor(alert, by, reader.mayTrade)),
  };
}

/** Epoch ms of the close of the last trading day before today. */
const lastClose = ({ now, calendar }: { readonly now: number; readonly calendar: TradingCalendar }): number =>
  istInstant(lastTradingDayUpTo(addDays(istDate(now), -1), calendar), "15:30");

/** A level from before the last close, which was past it though no price had been, may be one of before a split. */
function pastBeforeText({ condition, createdAt }: Alert, { prevClose }: Quote, closedAt: number): Html | null {
  if (createdAt >= closedAt || prevClose === null) return null;
  if (condition.kind !== "above" && condition.kind !== "below") return null;
  return isMetBy(condition, { ltp: prevClose, prevClose }) === true ? alertText.pastBefore(prevClose) : null;
}

function keyboardFor(alert: Alert, by: FiredBy, mayTrade: boolean): InlineKeyboard {
  if (by.kind === "pnl") return addLogins(new InlineKeyboard(), by.loggedOut);
  const { instrument } = alert;
  return instrument === null || by.kind === "expired" ? new InlineKeyboard() : actionsOn(alert, instrument, mayTrade);
}

function actionsOn({ _id, order }: Alert, instrument: Instrument, mayTrade: boolean): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  if (order && mayTrade) keyboard.text(orderText(order), callbackData("alo", _id)).row();
  else if (instrument.kind !== "index" && mayTrade)
    keyboard
      .text("Buy", callbackData("tkt", "B", keyArgument(instrument.key)))
      .text("Sell", callbackData("tkt", "S", keyArgument(instrument.key)));
  // "new": the quote does not replace the alert, whose order may still be wanted.
  return keyboard.text("Quote", callbackData("qt", keyArgument(instrument.key), "new"));
}

/** Whose price it is, and of what time. */
export const sourceOf = ({ quote, broker }: Priced, { accounts, now }: Omit<FiredReader, "hidesAmounts">): string =>
  pricedAt(quote, brokerTitle(accounts, broker), now);

export function firedText(by: FiredBy, { accounts, now, hidesAmounts }: FiredReader): Html {
  if (by.kind === "expired")
    return html`The contract expired on ${dateText(by.expiry)} and this had not happened. Nothing was ordered.`;
  if (by.kind === "pnl") {
    const pnl = hidesAmounts ? "" : html`P&amp;L today is ${signedRupees(by.pnl)}. `;
    return lines(
      html`${pnl}<i>${timeText(now, now)}</i>${paperNote(by.isPaper)}`,
      undatedCountNote(by.uncounted),
      by.loggedOut.length > 0 && alertText.leftOut(by.loggedOut),
    );
  }
  const { ltp, prevClose } = by.quote;
  const change = prevClose === null ? "" : ` ${changePercent(ltp, prevClose)}`;
  return lines(
    by.touched !== undefined && alertText.touched(by.touched),
    html`Now ${rupeePrice(ltp)}${change}. <i>${sourceOf(by, { accounts, now })}</i>`,
  );
}

export const alertText = {
  example: (): Html =>
    html`Like this: <code>/alert SBIN &gt; 1100</code>, <code>/alert NIFTY50 -1%</code>, <code>/alert pnl &lt; -5000</code>, or with an order to tap: <code>/alert SBIN &lt; 1000 buy 10</code>`,
  none: (): Html => html`No alert is armed. <code>/alert SBIN &gt; 1100</code> arms one.`,
  armed: (alert: Alert, price: Html | null): Html =>
    lines(
      html`🔔 Armed: <b>${conditionText(alert)}</b>. It goes off once.`,
      price,
      alert.instrument !== null &&
        price === null &&
        html`⚠️ No price is available right now, and without one the alert does not go off.`,
      alert.pricedAfter !== undefined && html`The market is closed: it waits for the next session.`,
      alert.order && html`It will carry a button: ${orderText(alert.order)}.`,
    ),
  touched: (price: Price): Html => html`Touched ${rupeePrice(price)} since it was armed.`,
  pastBefore: (close: Price): Html =>
    html`⚠️ The last close, ${rupeePrice(close)}, was past it already. If there was a split or a bonus, the level is one of before it.`,
  /** Null unless the user has switched the messages of alerts off. */
  switchedOff: ({ alerts }: Pick<Settings, "alerts">): Html | null =>
    alerts === "off" ? html`⚠️ Alerts are switched off in /settings: when one goes off, nothing is sent.` : null,
  leftOut: (links: readonly Pick<Link, "label">[]): Html =>
    html`<i>Left out, not logged in: ${links.map(({ label }) => label).join(", ")}.</i>`,
  noLogin: (): Html => html`⚠️ No account is logged in. Until one is, the alert does not go off.`,
  nowAt: (ltp: string, source: string): Html => html`Now ${ltp}. <i>${source}</i>`,
  metAlready: (condition: string, now: Html): Html =>
    lines(html`${condition}: that is so already. Nothing was armed.`, now),
  noSide: (): Html =>
    html`No price is available right now, so I cannot tell whether that is above or below it. Say which: <code>/alert SBIN &gt; 1100</code>.`,
  tooMany: (most: number): Html => html`You have ${most} alerts armed, which is the most. /alert lists them.`,
  tooLong: (): Html =>
    html`Say the symbol exactly and I take the order with it, like <code>/alert NSE:SBIN-EQ &lt; 780 buy 10</code>.`,
  removed: "Removed.",
  gone: "That alert is gone.",
};
