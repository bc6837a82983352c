import type { Link } from "./accounts.ts";
import type { LoginResult, Logins } from "./logins.ts";

/** The same logins, with somebody told of each that succeeded, whichever way it came. */
export function withLoginNews(logins: Logins, onLinked: (link: Link) => Promise<void>): Logins {
  async function told<T extends LoginResult>(result: T): Promise<T> {
    if (result.kind === "linked") await onLinked(result.link);
    return result;
  }
  return {
    ...logins,
    finish: async (...args) => told(await logins.finish(...args)),
    finishPasted: async (...args) => told(await logins.finishPasted(...args)),
  };
}
