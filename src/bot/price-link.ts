import { InlineKeyboard } from "grammy";
import { preferredPriceLink, type Link } from "../services/accounts/accounts.ts";
import type { User } from "../services/people/users.ts";
import type { BotDeps } from "./commands.ts";
import { lines } from "./html.ts";
import { addLogins } from "./render/login-buttons.ts";
import { accountTitle } from "./render/source.ts";
import * as text from "./text.ts";
import type { View } from "./view.ts";

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

/**
 * Says under prices that the session of the account they should come from is over, with a login button: they are Yahoo's or
 * the paper account's for that.
 */
export async function withPriceLogin<V extends View>({ accounts }: BotDeps, user: Reader, view: V): Promise<V> {
  // Read after the prices: the call for them may have found the session dead.
  const links = await accounts.active(user._id);
  const isLive = (link: Link): boolean => accounts.hasSession(link) && hasOwnPrices(accounts, link);
  const usual = preferredPriceLink(accounts, links, user.defaultLink);
  if (!usual || !hasOwnPrices(accounts, usual) || links.some(isLive)) return view;
  return {
    ...view,
    html: lines(view.html, text.pricesNeedLogin(accountTitle(accounts, usual))),
    keyboard: addLogins(view.keyboard ?? new InlineKeyboard(), [usual]),
  };
}

/** Whether the account's prices are its broker's own, not Yahoo's. */
export function hasOwnPrices(accounts: BotDeps["accounts"], link: Link): boolean {
  const { isPaper, capabilities } = accounts.broker(link).definition;
  return isPaper !== true && capabilities.quotes && link.data_source === "broker";
}
