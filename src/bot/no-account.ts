import type { UserId } from "../domain/ids.ts";
import type { Accounts, Link } from "../services/accounts.ts";
import { Refusal } from "./refusal.ts";
import * as text from "./text.ts";

/** Whether it was logged in once: only then there is an account. */
export const isLinked = (link: Link): boolean => link.account_id !== null;

/** Where no account is switched on: one that is switched off is linked all the same. */
export async function noAccount({ accounts }: { readonly accounts: Accounts }, user: UserId): Promise<Refusal> {
  const links = await accounts.all(user);
  return new Refusal(links.some(isLinked) ? text.accounts.noneOn() : text.accounts.none());
}
