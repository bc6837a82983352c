import type { UserId } from "../domain/ids.ts";
import type { Accounts, Link } from "../services/accounts.ts";
import { Refusal } from "./refusal.ts";
import * as text from "./text.ts";

/** Whether it was ever logged in: until then we do not know the broker's account. */
export const isLinked = (link: Link): boolean => link.account_id !== null;

/** The refusal when no account is switched on: differs for users who have linked one and switched it off. */
export async function noAccount({ accounts }: { readonly accounts: Accounts }, user: UserId): Promise<Refusal> {
  const links = await accounts.all(user);
  return new Refusal(links.some(isLinked) ? text.accounts.noneOn() : text.accounts.none());
}
