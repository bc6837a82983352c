import type { Link } from "./accounts.ts";
import type { LoginResult, Logins } from "./logins.ts";

/** Wraps Logins to call `onLinked` after each successful login by redirect or paste. */
export function withLoginListener(logins: Logins, onLinked: (link: Link) => Promise<void>): Logins {
  async function notify<T extends LoginResult>(result: T): Promise<T> {
    if (result.kind === "linked") await onLinked(result.link);
    return result;
  }
  return {
    ...logins,
    finish: async (...args) => notify(await logins.finish(...args)),
    finishPasted: async (...args) => notify(await logins.finishPasted(...args)),
  };
}
