import { BrokerError } from "../../errors.ts";
import type { Accounts, Link } from "./accounts.ts";
import type { Logins } from "./logins.ts";

/** Finds the accounts whose user must log in today. */
export interface Renewals {
  /** The links without a session that lasts until `until` (epoch ms), after renewing those that need no user. */
  needingLogin(links: readonly Link[], until: number): Promise<Link[]>;
}

export function createRenewals(deps: { accounts: Accounts; logins: Pick<Logins, "renew" | "open"> }): Renewals {
  const { accounts, logins } = deps;

  async function isDead(link: Link, until: number): Promise<boolean> {
    if (!accounts.hasSession(link)) return !(await renewed(link));
    try {
      const isValid = await accounts.call(link, (connector, access) => connector.isTokenValid(access));
      // A valid session may still end during the day: Dhan's last 24 hours from the login.
      if (isValid) return !accounts.hasSession(link, until) && !(await renewed(link));
      if (await renewed(link)) return false;
      await accounts.endSession(link);
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      // Any other failure says nothing about the session: it is assumed to be alive.
      return error.kind === "auth-expired";
    }
  }

  async function renewed(link: Link): Promise<boolean> {
    if (accounts.broker(link).definition.capabilities.login.includes("none"))
      return (await logins.open(link)).kind === "linked";
    return (await logins.renew(link)) !== null;
  }

  return {
    async needingLogin(links, until) {
      const states = await Promise.all(links.map((link) => isDead(link, until)));
      return links.filter((_, at) => states[at]);
    },
  };
}
