import type { Role } from "../services/users.ts";
import * as text from "./text.ts";
import type { Html } from "./html.ts";
import { Refusal } from "./refusal.ts";

const RANK: Readonly<Record<Role, number>> = { blocked: 0, pending: 1, viewer: 2, trader: 3, owner: 4 };

/** The one place that says who may do what. */
export const allows = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];

/** What somebody who may not is told. */
export function refusalFor(role: Role, needed: Role): Html {
  if (role === "pending" || role === "blocked") return text.access.pending();
  return needed === "owner" ? text.access.ownerOnly() : text.access.viewer();
}

/** At the end of what takes several messages: the rank may have changed since it began. */
export function requireTrader({ role }: { readonly role: Role }): void {
  if (!allows(role, "trader")) throw new Refusal(refusalFor(role, "trader"));
}
