import { preferredPriceLink, type Link } from "../services/accounts.ts";
import type { User } from "../services/users.ts";
import type { BotDeps } from "./commands.ts";

type Reader = Pick<User, "_id" | "defaultLink">;

/** The account that a user's prices are read through; null for users without one. */
export const priceLink = async ({ accounts }: BotDeps, user: Reader): Promise<Link | null> =>
  preferLoggedIn(accounts, await accounts.active(user._id), user);

/** The account that market depth is read through; null when no broker of the user has it. */
export async function depthLink({ accounts }: BotDeps, user: Reader): Promise<Link | null> {
  const links = await accounts.active(user._id);
  const able = links.filter((link) => accounts.broker(link).definition.capabilities.depth);
  return preferLoggedIn(accounts, able, user);
}

/** The preferred account among those logged in, else among all: prices are the same at all real brokers. */
const preferLoggedIn = (accounts: BotDeps["accounts"], links: readonly Link[], { defaultLink }: Reader): Link | null =>
  preferredPriceLink(
    accounts,
    links.filter((link) => accounts.hasSession(link)),
    defaultLink,
  ) ?? preferredPriceLink(accounts, links, defaultLink);
