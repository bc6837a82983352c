import { istClock, istDate } from "../../domain/market.ts";
import type { UserId } from "../../domain/ids.ts";
import type { AuditEntry, AuditEvent } from "../../services/people/audit.ts";
import { html, lines, type Html } from "../html.ts";
import { activity as text, roleName } from "../safety-text.ts";
import type { View } from "../view.ts";
import { dateText } from "./amounts.ts";
import { limitText } from "./limits.ts";
import { type Page, pageKeyboard } from "./page.ts";

const ACCOUNT_EVENTS = {
  linked: "linked",
  "logged-in": "logged in",
  "new-keys": "new keys",
  "switched-on": "switched on",
  "switched-off": "switched off",
  "proxy-set": "a proxy for its orders",
  "proxy-removed": "no proxy any more",
  unlinked: "unlinked",
} as const;
const LOCK_EVENTS = {
  frozen: "Trading locked",
  thawed: "Trading unlocked",
  "pin-set": "A PIN for orders",
  "totp-set": "Codes of an authenticator app for orders",
  "code-removed": "Orders need no code any more",
  "locked-out": "Orders held back: too many wrong codes",
} as const;

/** What happened, newest first, under its day. `nameOf` names the people whom the owner decided about. */
export function activityView(page: Page<AuditEntry>, nameOf: (id: UserId) => string): View {
  if (page.entries.length === 0) return { html: text.none() };
  const rows = page.entries.flatMap(({ at, event }, row) => {
    const day = istDate(at);
    const before = page.entries[row - 1];
    const line = html`<code>${istClock(at).slice(0, 5)}</code> ${sentence(event, nameOf)}`;
    return before && istDate(before.at) === day ? [line] : [html`<b>${dateText(day)}</b>`, line];
  });
  return { html: lines(text.title(), ...rows), keyboard: pageKeyboard("act", page) };
}

function sentence(event: AuditEvent, nameOf: (id: UserId) => string): Html | string {
  switch (event.what) {
    case "role":
      return `You are: ${roleName(event)}`;
    case "granted":
      return `${nameOf(event.about)}: ${roleName(event)}`;
    case "invited":
      return `An invitation: ${roleName(event)}`;
    case "limit":
      return `${limitText(event.limit, event.value)}${event.from === null ? "" : `, from ${dateText(event.from)}`}`;
    case "frozen":
    case "thawed":
    case "pin-set":
    case "totp-set":
    case "code-removed":
    case "locked-out":
      return LOCK_EVENTS[event.what];
    default:
      return html`${event.account}: ${ACCOUNT_EVENTS[event.what]}`;
  }
}
