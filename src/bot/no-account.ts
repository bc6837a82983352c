import type { UserId } from "../domain/ids.ts";
import type { Accounts, Link } from "../services/accounts/accounts.ts";
import { Refusal } from "./refusal.ts";
import * as text from "./text.ts";

/** Whether it was ever logged in: until then we do not know the broker's account. */
export const isLinked = (link: Link): boolean => link.account_id !== null;

/** The refusal of a name that no switched-on account has. `links` are all accounts of the user. */
export const noSuchAccount = (links: readonly Link[], label: string): Refusal =>
  new Refusal(
    links.some((link) => link.label === label) ? text.orders.accountOff(label) : text.orders.noAccount(label),
  );

/** The refusal when no account is switched on: differs for users who have linked one and switched it off. */
export async function noAccount({ accounts }: { readonly accounts: Accounts }, user: UserId): Promise<Refusal> {
  const links = await accounts.all(user);
  return new Refusal(links.some(isLinked) ? text.accounts.noneOn() : text.accounts.none());
}

/** The refusal when no account was read, of all or of the one that was named. */
export async function nothingToRead(
  deps: { readonly accounts: Accounts },
  user: UserId,
  label: string | undefined,
): Promise<Refusal> {
  const links = await deps.accounts.all(user);
  return label === undefined || !links.some(isLinked) ? noAccount(deps, user) : noSuchAccount(links, label);
}
