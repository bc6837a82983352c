import type { ConversationFlavor } from "@grammyjs/conversations";
import type { Context } from "grammy";
import type { Log } from "../lib/log.ts";
import type { User } from "../services/users.ts";

interface SaudaFlavor {
  /** Whoever this update is from; there is none for updates without a sender. */
  user: User;
  /** Carries the update's id. */
  log: Log;
}

export type BareContext = Context & SaudaFlavor;
export type SaudaContext = ConversationFlavor<BareContext>;
