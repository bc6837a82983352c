import { InlineKeyboard } from "grammy";
import { renderPairs } from "../../lib/table.ts";
import type { Accounts } from "../../services/accounts/accounts.ts";
import type { AccountView } from "../../services/orders/account-check.ts";
import { TICKET_TTL_MS } from "../../services/orders/ticket-plan.ts";
import { isConfirmable, type TicketView } from "../../services/orders/tickets.ts";
import { callbackData } from "../callbacks.ts";
import { html, lines } from "../html.ts";
import * as text from "../text.ts";
import type { View } from "../view.ts";
import { priceText, quantity, rupees, timeText } from "./amounts.ts";
import { describe } from "./market.ts";
import { cardHeading, termsText } from "./order-card.ts";
import { PAGE_WIDTH } from "./page.ts";
import { addLogins } from "./login-buttons.ts";

/** The card of a ticket, before Confirm: what would be sent, what it costs, and the findings about it. */
export function ticketCard(view: TicketView, accounts: Accounts, now: number): View {
  const { intent, quote } = view;
  const { plan, instrument } = intent;
  const mayConfirm = isConfirmable(view);
  const keyboard = new InlineKeyboard();
  if (mayConfirm) {
    keyboard.add({
      text: `Confirm ${plan.side === "BUY" ? "buy" : "sell"}`,
      callback_data: callbackData("x", intent.confirmId),
      style: plan.side === "BUY" ? "success" : "danger",
    });
  }
  if (view.findings.some((finding) => finding.code === "closed" && finding.hasAmo))
    keyboard.text("As after-market order", callbackData("ta", intent._id)).row();
  keyboard.text("Edit", callbackData("te", intent._id)).text("Cancel", callbackData("td", intent._id));
  const dead = new Set(view.findings.flatMap((finding) => (finding.code === "session" ? [finding.label] : [])));
  addLogins(
    keyboard,
    view.accounts.flatMap(({ link }) => (dead.has(link.label) ? [link] : [])),
  );
  return {
    html: lines(
      cardHeading(
        intent,
        accounts,
        view.accounts.map((each) => each.link),
      ),
      html`${instrument.symbol} · ${describe(instrument)}`,
      html`<pre>${renderPairs(ticketPairs(view), PAGE_WIDTH)}</pre>`,
      view.accounts.length > 1 &&
        html`<pre>${renderPairs([ACCOUNTS_HEAD, ...view.accounts.map(accountPair)], PAGE_WIDTH)}</pre>`,
      ...view.findings.map(text.finding),
      mayConfirm
        ? html`<i>Confirm within ${TICKET_TTL_MS / 1000} s${quote && ` · price ${quote.at === null ? "asked" : "of"} ${timeText(quote.at ?? now, now)}`}</i>`
        : html`<i>Nothing can be sent like this. Edit it, or cancel.</i>`,
    ),
    keyboard,
  };
}

function ticketPairs({ intent, quote, accounts: views }: TicketView): [string, string][] {
  const { plan, instrument } = intent;
  const [only] = views;
  const row = (label: string, value: string | null): [string, string][] => (value === null ? [] : [[label, value]]);
  const isProtected = "protection" in plan.terms && instrument.kind !== "index" && plan.terms.protection.limit > 0;
  const isSingle = views.length === 1 && only !== undefined;
  return [
    ...row("Account", isSingle ? only.link.label : `${views.length} accounts`),
    ...row("Order", termsText(plan.terms)),
    ...row(
      "Product",
      `${plan.productType}${plan.isAmo ? ", after market" : ""}${plan.validity === "IOC" ? ", IOC" : ""}`,
    ),
    ...row("Last price", quote === null ? null : priceText(quote.ltp)),
    ...row("Protected at", isProtected ? priceText(plan.terms.protection.limit) : null),
    ...row("Value", plan.value === null ? null : rupees(plan.value)),
    ...(isSingle ? costPairs(only) : []),
  ];
}

function costPairs({ cost, funds, positionBefore, positionAfter }: AccountView): [string, string][] {
  return [
    ...(cost?.margin == null ? [] : [["Margin", rupees(cost.margin)] as [string, string]]),
    ...(cost?.charges == null ? [] : [["Charges, about", rupees(cost.charges)] as [string, string]]),
    ...(funds === null ? [] : [["Available", rupees(funds.available)] as [string, string]]),
    ...(positionBefore === null || positionAfter === null
      ? []
      : [["You hold", `${quantity(positionBefore)} → ${quantity(positionAfter)}`] as [string, string]]),
  ];
}

const ACCOUNTS_HEAD: [string, string] = ["Account × quantity", "Available"];
const accountPair = ({ link, qty, funds }: AccountView): [string, string] => [
  `${link.label} × ${quantity(qty)}`,
  funds === null ? "" : rupees(funds.available),
];
