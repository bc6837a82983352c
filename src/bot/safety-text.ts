import { EGRESS_SPEC } from "../services/accounts/egress.ts";
import type { Role } from "../services/people/users.ts";
import { html, lines, type Html } from "./html.ts";

/** Texts about access, keys, the order lock and /forget. */

export const tooMany = (seconds: number): Html =>
  html`That is too much at once. I answer again in ${seconds} s. /panic and /lock always work.`;
export const tooManyOfStranger = (seconds: number): Html =>
  html`That is too much at once. I answer again in ${seconds} s.`;
export const tooManyTaps = (seconds: number): string => `Too many taps. I answer again in ${seconds} s.`;

const ROLE_MEANS: Readonly<Record<Role, string>> = {
  owner: "owner",
  trader: "family trader: sees and trades their own accounts",
  viewer: "viewer: sees their own accounts, trades nothing",
  pending: "waiting to be let in",
  blocked: "blocked: gets no answer",
};

/** A trader outside the household, who may not send orders from its static IP address. */
const OUTSIDER = "other trader: trades through a proxy of their own";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly needsEgress: boolean;
}

const meaningOf = ({ role, needsEgress }: Pick<Person, "role" | "needsEgress">): string =>
  needsEgress ? OUTSIDER : ROLE_MEANS[role];

/** The role in two words: "family trader", "other trader". */
export const roleName = (standing: Pick<Person, "role" | "needsEgress">): string =>
  meaningOf(standing).split(":")[0] ?? standing.role;

const HOUSEHOLD = html`<blockquote expandable>Since April 2026 brokers take API orders only from a registered static IP address, and one address serves one client or a family: self, spouse, dependent children, dependent parents. Anybody else is an “other trader”: their orders, except those that close a position, are held back until the account has a proxy of its own, HTTP or SOCKS, on the address that they registered (/egress).</blockquote>`;

export const users = {
  wantsIn: ({ id, name }: Person): Html =>
    lines(html`<b>${name}</b> (<code>${id}</code>) asks to be let in.`, HOUSEHOLD),
  title: (count: number): Html => html`<b>People</b> (${count})`,
  line: (person: Person): Html => html`${person.name}: ${roleName(person)}`,
  card: (person: Person): Html =>
    lines(
      html`<b>${person.name}</b> <code>${person.id}</code>`,
      html`${capitalised(meaningOf(person))}.`,
      person.role !== "owner" && HOUSEHOLD,
    ),
  gone: "That person is not known any more.",
  notOwner: "The owner stays the owner.",
  /** `wasIn`: the user was a viewer or trader before, so the role changes and nobody is "let in". */
  changed: ({ role, needsEgress }: Pick<Person, "role" | "needsEgress">, wasIn: boolean): Html => {
    if (role !== "trader" && role !== "viewer") return html`Your access has changed. /start shows where you stand.`;
    const isOutsider = role === "trader" && needsEgress;
    const may =
      role === "viewer"
        ? "link accounts and look, not trade"
        : `link accounts${isOutsider ? ", and trade with each that has a proxy of its own (/egress)" : " and trade"}`;
    if (!wasIn) return html`The owner has let you in: you can ${may}. /start shows how to begin.`;
    const orders = role === "viewer" && " Open orders stay open: only the broker's own app cancels them now.";
    return html`The owner has changed what you may do here: you can ${may}.${orders}`;
  },
  invited: (person: Pick<Person, "role" | "needsEgress">): Html =>
    html`Welcome: the owner invited you as ${meaningOf(person)}.`,
  inviteDead: (): Html => html`That invitation was used before or is too old. Ask the owner for a new one.`,
  invite: (link: string, grant: "viewer" | "trader" | "outsider"): Html =>
    lines(
      html`Whoever opens this first is let in as <b>${INVITED[grant]}</b>. It works once, for a day:`,
      html`<code>${link}</code>`,
      grant !== "viewer" && HOUSEHOLD,
    ),
};

const INVITED = { viewer: "viewer", trader: "family trader", outsider: "other trader" } as const;

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const keys = {
  onPage: (title: string): Html =>
    html`Enter the keys of <b>${title}</b> on a page of this bot: it works once, for five minutes, and nothing of it stays in the chat.`,
  pageButton: "Enter the keys",
  hereButton: "Type them here instead",
  egressOnPage: (label: string): Html =>
    html`Enter the proxy for the orders of <b>${label}</b> on a page of this bot: it works once, for five minutes, and nothing of it stays in the chat.`,
  egressPageButton: "Enter the proxy",
  egressHereButton: "Type it here instead",
  noEgress: (): Html =>
    html`A proxy carries the orders of an account at a broker, and none is linked. /link adds one; a paper account needs no proxy.`,
  paperEgress: (label: string): Html => html`<b>${label}</b> is a paper account and needs no proxy.`,
  whichEgress: (): Html => html`Which account is the proxy for?`,
  askEgress: (label: string): Html =>
    html`Send the proxy for the orders of <b>${label}</b>, like <code>${EGRESS_SPEC.example}</code>, or <code>skip</code> for none. Your message is deleted as soon as I have it.`,
  egress: (label: string, isSet: boolean): Html =>
    isSet
      ? html`Orders of <b>${label}</b> go out through that proxy from now on.`
      : html`Orders of <b>${label}</b> go out from this bot's own address.`,
};

export const forget = {
  ask: (isOwner: boolean): Html =>
    lines(
      html`<b>Forget you?</b> Your links with all keys and tokens, paper accounts, settings, alerts and the record of your orders here are deleted for good. Orders and shares at the brokers stay as they are.`,
      isOwner && html`You own this bot: afterwards it has no owner until OWNER_ID or a new start-up code names one.`,
    ),
  busy: (): Html =>
    html`An order of yours is on its way or its answer is still being looked for. Ask again when /orders shows it settled.`,
  how: (): Html => html`<code>/forget me</code> deletes everything that I know about you.`,
  done: (): Html => html`Done. I know nothing about you any more.`,
  kept: (): Html => html`Nothing was deleted.`,
  stale: (): Html => html`That question is too old. <code>/forget me</code> asks again.`,
};

export const lock = {
  frozen: (mayTrade: boolean): Html =>
    html`<b>Locked.</b> No order of yours is placed until <code>/lock off</code>. Open orders stay as they are${mayTrade && "; /cancel and /panic still work"}.`,
  needsCodeToThaw: (kind: "pin" | "totp"): Html =>
    html`Send your ${kind === "pin" ? "PIN" : "code"}, then <code>/lock off</code> again.`,
  needsCodeToChange: (kind: "pin" | "totp"): Html =>
    html`Send your ${kind === "pin" ? "PIN" : "code"} first, then ask again.`,
  usage: (): Html =>
    lines(
      html`<code>/lock</code> freezes trading at once, <code>/lock off</code> ends it.`,
      html`<code>/lock pin</code> or <code>/lock totp</code> asks for a code before an order is placed, <code>/lock none</code> stops asking.`,
    ),
  badCode: (): Html => html`That code is wrong. <code>/lock totp</code> starts again.`,
  thawed: (): Html => html`Unlocked. Orders can be confirmed again.`,
  lockedSince: (): Html =>
    html`Trading stays locked: you sent /lock after this <code>/lock off</code>. Another one unlocks it.`,
  isFrozen: "Trading is locked: nothing was sent. /lock off unlocks it.",
  status: (kind: "none" | "pin" | "totp", isFrozen: boolean): Html =>
    lines(
      html`<b>Order lock</b>`,
      kind === "none"
        ? html`Orders need only the Confirm button.`
        : html`Orders also need ${kind === "pin" ? "your PIN" : "a code from your authenticator app"}.`,
      isFrozen && html`Trading is locked.`,
    ),
  askPin: (): Html => html`Send the PIN for orders, 4 to 8 digits. Your message is deleted as soon as I have it.`,
  askCode: (kind: "pin" | "totp"): Html =>
    kind === "pin"
      ? html`Nothing was sent. Send your PIN, then do that once more.`
      : html`Nothing was sent. Send the code of your authenticator app, then do that once more.`,
  needsCode: "Send your PIN or code first.",
  badPin: (): Html => html`A PIN is 4 to 8 digits. Nothing was changed. Send another, or any command to stop.`,
  pinNotAwaited: (): Html =>
    html`That may be your PIN, and I am not waiting for one. It is not kept, and must not stay in the chat.`,
  pinSet: (): Html => html`PIN set. Every confirmation asks for it, unless you gave it in the last five minutes.`,
  totpShown: (uri: string): Html =>
    lines(
      html`Scan this with your authenticator app, or copy the line below into it, then send the code that it shows. I delete this message as soon as I have it.`,
      html`<tg-spoiler><code>${uri}</code></tg-spoiler>`,
    ),
  totpSet: (): Html => html`Set. Every confirmation asks for a code, unless you gave one in the last five minutes.`,
  opened: (isFrozen: boolean): Html =>
    isFrozen
      ? html`Right. Trading is still locked; you have five minutes for <code>/lock off</code>.`
      : html`Right. You have five minutes to confirm orders.`,
  wrong: (left: number): Html => html`That was wrong. ${left} ${left === 1 ? "try" : "tries"} left.`,
  lockedOut: (minutes: number): Html => html`Too many wrong tries. Orders are locked for ${minutes} minutes.`,
  removed: (isFrozen: boolean): Html =>
    isFrozen
      ? html`Removed. Trading is still locked; <code>/lock off</code> ends it.`
      : html`Removed. Orders need only the Confirm button.`,
};

export const activity = {
  title: (): Html => html`<b>Activity</b>`,
  none: (): Html =>
    html`Nothing yet. Links, logins, roles, locks and limits will be listed here; orders are in /orders and /export.`,
};
