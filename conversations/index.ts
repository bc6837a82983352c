import { createConversation } from "@grammyjs/conversations";
import { Composer } from "grammy";
import type { BotDeps } from "../src/bot/commands.ts";
import type { BareContext, SaudaContext } from "../src/bot/context.ts";
import { modifyOrder } from "./modify-order.ts";
import { placeOrder } from "./place-order.ts";

/**
 * Raise it whenever the order of waits, replies or externals changes, or what a dialogue is started with. Running dialogues
 * of another version are dropped: the new code could not replay their log.
 */
export const DIALOGUES_VERSION = 10;

export function dialogues(deps: BotDeps): Composer<SaudaContext> {
  const composer = new Composer<SaudaContext>();
  composer.use(createConversation<SaudaContext, BareContext>(placeOrder(deps), "place-order"));
  composer.use(createConversation<SaudaContext, BareContext>(modifyOrder(deps), "modify-order"));
  return composer;
}
