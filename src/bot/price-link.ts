import type { Link } from "../services/accounts.ts";
import type { User } from "../services/users.ts";
import type { BotDeps } from "./commands.ts";

/** The account through which a user's prices come: the default one, else the oldest; null for who has none. */
export async function priceLink(deps: BotDeps, user: Pick<User, "_id" | "defaultLink">): Promise<Link | null> {
  const links = await deps.accounts.active(user._id);
  return links.find(({ _id }) => _id === user.defaultLink) ?? links[0] ?? null;
}
