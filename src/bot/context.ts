import type { ConversationFlavor } from "@grammyjs/conversations";
import type { Context } from "grammy";
import type { Log } from "../lib/log.ts";
import type { User } from "../services/people/users.ts";

interface SaudaFlavor {
  /** The sender. Set by `withUser`: /panic and a bare /lock run before it and look their user up themselves. */
  user: User;
  /** Every line carries the update's id. */
  log: Log;
}

export type BareContext = Context & SaudaFlavor;
export type SaudaContext = ConversationFlavor<BareContext>;
