import type { UserId } from "../../domain/ids.ts";
import type { Accounts, Link } from "../accounts/accounts.ts";
import type { Finding } from "./findings.ts";
import { reducesRisk } from "./journal.ts";
import type { Limits } from "./limits.ts";

/** A broker's static IP registration covers one family: users outside it must order through a proxy of their own. */
export type EgressRule = (user: UserId, links: readonly (Link | null)[]) => Promise<Finding[]>;

export const createEgressRule =
  (deps: { accounts: Accounts; needsEgress: (user: UserId) => Promise<boolean> }): EgressRule =>
  async (user, links) => {
    if (!(await deps.needsEgress(user))) return [];
    return links
      .filter((link) => link !== null)
      .filter((link) => link.egress === null && !deps.accounts.broker(link).definition.isPaper)
      .map(({ label }) => ({ level: "block", code: "egress", label }));
  };

/** Adds the egress rule to the user's limits, both for the card and at confirmation. */
export function withEgressRule(limits: Limits, rule: EgressRule, accounts: Accounts): Limits {
  return {
    ...limits,
    async check(request, plan) {
      const links = reducesRisk(request.origin) ? [] : request.parts.map(({ link }) => link);
      const [found, own] = await Promise.all([rule(request.userId, links), limits.check(request, plan)]);
      return [...found, ...own];
    },
    async admit(intent) {
      const ids = reducesRisk(intent.origin) ? [] : intent.legs.map(({ link }) => link);
      const links = await Promise.all([...new Set(ids)].map((id) => accounts.get(intent.userId, id)));
      const [found] = await rule(intent.userId, links);
      return found ?? limits.admit(intent);
    },
  };
}
