import { type Accounts, isWhole, type LinkResult } from "../../services/accounts/accounts.ts";
import { html, type Html } from "../html.ts";
import * as text from "../text.ts";
import { accountTitle, isPaperAccount } from "./source.ts";

// What the views of many accounts' answers share.

export interface MergedPage {
  readonly accounts: Accounts;
  readonly now: number;
  readonly page: number;
  /** The only account shown; absent when all are. */
  readonly label?: string | undefined;
}

/** The title, with the account called `label` if only that is shown; marked when an account is paper. */
export function heading(
  title: string,
  parts: readonly LinkResult<unknown>[],
  accounts: Accounts,
  label?: string,
): Html {
  const isPaper = parts.map((part) => isPaperAccount(accounts, part.link));
  return html`<b>${title}</b>${label !== undefined && ` · ${label}`}${text.paperNote(isPaper)}`;
}

/** A line for each account, or part of one, that could not be read; shown below the rest. */
export const failures = (parts: readonly LinkResult<unknown>[], accounts: Accounts): Html[] =>
  parts.flatMap((part) => {
    const title = accountTitle(accounts, part.link);
    if (!part.ok) return [text.notTold(title, part.error)];
    return part.unread?.length ? [text.unread(title, part.unread)] : [];
  });

/** Rows beside the sums for the accounts that could not be read, so that the sums do not pass for those of all. */
export const notReadRows = (parts: readonly LinkResult<unknown>[]): (readonly [string, string])[] =>
  parts.flatMap((part) => (part.ok ? [] : [[part.link.label, "not read"] as const]));

/** "No …", said only of the accounts that answered; null when none did. */
export function nothingText(what: string, parts: readonly LinkResult<unknown>[]): Html | null {
  if (parts.every(isWhole)) return html`No ${what}.`;
  return parts.some(isWhole) ? html`No ${what} at the accounts that answered.` : null;
}
