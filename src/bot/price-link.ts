import { usualOf, type Link } from "../services/accounts.ts";
import type { User } from "../services/users.ts";
import type { BotDeps } from "./commands.ts";

/** The account through which a user's prices come; null for who has none. */
export async function priceLink(deps: BotDeps, user: Pick<User, "_id" | "defaultLink">): Promise<Link | null> {
  return usualOf(await deps.accounts.active(user._id), user.defaultLink);
}

/** The account that order books come from: of those whose broker has them the default one, else one that is logged in. */
export async function depthLink({ accounts }: BotDeps, user: Pick<User, "_id" | "defaultLink">): Promise<Link | null> {
  const links = await accounts.active(user._id);
  const able = links.filter((link) => accounts.broker(link).definition.capabilities.depth);
  return (
    able.find(({ _id }) => _id === user.defaultLink) ??
    able.find((link) => accounts.hasSession(link)) ??
    able[0] ??
    null
  );
}
