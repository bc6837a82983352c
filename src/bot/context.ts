import type { ConversationFlavor } from "@grammyjs/conversations";
import type { Context } from "grammy";
import type { Log } from "../lib/log.ts";
import type { User } from "../services/users.ts";

interface SaudaFlavor {
  /** The sender. Not set yet for what runs above all other middleware: /panic and /lock look their user up themselves. */
  user: User;
  /** Every line carries the update's id. */
  log: Log;
}

export type BareContext = Context & SaudaFlavor;
export type SaudaContext = ConversationFlavor<BareContext>;
