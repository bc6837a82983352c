import { usualForPrices, type Link } from "../services/accounts.ts";
import type { User } from "../services/users.ts";
import type { BotDeps } from "./commands.ts";

type Reader = Pick<User, "_id" | "defaultLink">;

/** The account through which a user's prices come; null for who has none. */
export const priceLink = async ({ accounts }: BotDeps, user: Reader): Promise<Link | null> =>
  livingFirst(accounts, await accounts.active(user._id), user);

/** The account that order books come from: of those whose broker has them. */
export async function depthLink({ accounts }: BotDeps, user: Reader): Promise<Link | null> {
  const links = await accounts.active(user._id);
  const able = links.filter((link) => accounts.broker(link).definition.capabilities.depth);
  return livingFirst(accounts, able, user);
}

/** What is meant when none is named, of the logged-in ones if there are any: a price is the same at all real brokers. */
const livingFirst = (accounts: BotDeps["accounts"], links: readonly Link[], { defaultLink }: Reader): Link | null =>
  usualForPrices(
    accounts,
    links.filter((link) => accounts.hasSession(link)),
    defaultLink,
  ) ?? usualForPrices(accounts, links, defaultLink);
