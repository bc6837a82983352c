import type { Role } from "../../services/people/users.ts";
import * as text from "../text.ts";
import type { Html } from "../html.ts";
import { Refusal } from "../refusal.ts";

const RANK: Readonly<Record<Role, number>> = { blocked: 0, pending: 1, viewer: 2, trader: 3, owner: 4 };

/** Roles are ranked: each one may do everything that a lower one may. */
export const allows = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];

/** The reply to a user whose role is below the needed one. */
export function refusalFor(role: Role, needed: Role): Html {
  if (role === "pending" || role === "blocked") return text.access.pending();
  return needed === "owner" ? text.access.ownerOnly() : text.access.viewer();
}

/** Also for the last step of a dialogue: the owner may have changed the user's role since its first step. */
export function requireTrader({ role }: { readonly role: Role }): void {
  if (!allows(role, "trader")) throw new Refusal(refusalFor(role, "trader"));
}
