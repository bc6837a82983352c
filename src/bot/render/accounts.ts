import { InlineKeyboard } from "grammy";
import type { BrokerDefinition } from "../../../connectors/base.ts";
import type { LinkId } from "../../domain/ids.ts";
import { otherPrices, preferredLink, type Accounts, type Link } from "../../services/accounts/accounts.ts";
import { callbackData } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import * as text from "../text.ts";
import type { View } from "../view.ts";
import { timeText } from "./amounts.ts";
import { stamp } from "./page.ts";

export function accountsView(
  links: readonly Link[],
  accounts: Accounts,
  defaultLink: LinkId | null,
  now: number,
): View {
  const keyboard = new InlineKeyboard();
  for (const link of links) keyboard.text(link.label, callbackData("acd", link._id)).row();
  keyboard.text("Link another", callbackData("lks")).text("Refresh", callbackData("acc"));
  const usual = preferredLink(
    links.filter((link) => link.is_active),
    defaultLink,
  );
  return {
    html: lines(
      text.accounts.title(),
      ...links.map((link) => accountLine(link, accounts, now)),
      usual !== null && links.length > 1 && text.accounts.isDefault(usual.label),
      stamp(now),
    ),
    keyboard,
  };
}

function accountLine(link: Link, accounts: Accounts, now: number): Html {
  const { definition } = accounts.broker(link);
  const title = definition.isPaper ? text.PAPER_MARK : definition.title;
  const who = link.account_id === null ? "" : html` <code>${link.account_id}</code>`;
  return html`${stateSign(link, accounts)} <b>${link.label}</b> ${title}${who}\n${stateText(link, accounts, now)}`;
}

/** Where a link's prices come from; null when there is no choice, so that no button is offered. */
export const priceSource = (
  { data_source }: Pick<Link, "data_source">,
  { capabilities, isPaper, title }: Pick<BrokerDefinition, "capabilities" | "isPaper" | "title">,
): string | null =>
  isPaper === true || !(capabilities.quotes || capabilities.candles)
    ? null
    : data_source === "broker"
      ? title
      : "Yahoo";

const stateSign = (link: Link, accounts: Accounts): string =>
  !link.is_active ? "⚪" : accounts.hasSession(link) ? "🟢" : "🔴";

function stateText(link: Link, accounts: Accounts, now: number): string {
  const { definition } = accounts.broker(link);
  if (link.account_id === null) return "not finished: log in to link it";
  if (!link.is_active) return "switched off";
  if (!accounts.hasSession(link) || link.tokens === null) return "session over: log in again";
  return definition.isPaper ? "no login needed" : `session until ${timeText(link.tokens.expiresAt, now)}`;
}

interface AccountCard {
  readonly isDefault: boolean;
  readonly publicUrl: string;
  readonly now: number;
}

export function accountView(link: Link, accounts: Accounts, { isDefault, publicUrl, now }: AccountCard): View {
  const { definition } = accounts.broker(link);
  const keyboard = new InlineKeyboard();
  if (!definition.isPaper) keyboard.text("Log in", callbackData("al", link._id));
  if (link.account_id !== null) {
    // The buttons name what they set: a tap that Telegram repeats must not undo itself.
    const [label, wanted] = link.is_active ? (["Switch off", "off"] as const) : (["Switch on", "on"] as const);
    keyboard.text(label, callbackData("as", link._id, wanted)).row();
    if (!isDefault && link.is_active) keyboard.text("Make default", callbackData("ad", link._id));
    const source = priceSource(link, definition);
    if (source !== null) keyboard.text(`Prices: ${source}`, callbackData("ay", link._id, otherPrices(link)));
  }
  keyboard.row();
  if (definition.credentials.length > 0) keyboard.text("New keys", callbackData("ak", link._id));
  keyboard.text("Unlink", callbackData("au", link._id)).text("Back", callbackData("acc"));
  return {
    html: lines(
      accountLine(link, accounts, now),
      link.account_name !== null && html`${link.account_name}`,
      isDefault && link.is_active && text.accounts.isDefault(link.label),
      postbackText(link, definition, publicUrl),
    ),
    keyboard,
  };
}

/** The URL that the user may enter in the broker's console. Brokers send postbacks to public https addresses only. */
function postbackText(link: Link, { title, capabilities }: BrokerDefinition, publicUrl: string): Html | null {
  const isTaken = capabilities.postback !== "none" && publicUrl.startsWith("https://");
  if (link.account_id === null || !isTaken) return null;
  return text.accounts.postback(title, `${publicUrl}/postback/${link.broker_name}/${link._id}`);
}
