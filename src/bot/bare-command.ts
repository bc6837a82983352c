import type { Composer } from "grammy";
import type { SaudaContext } from "./context.ts";
import { Refusal } from "./refusal.ts";
import * as text from "./text.ts";

/** Handles a command that takes no words; any are refused, so that none is ignored. */
export function onBareCommand(
  composer: Composer<SaudaContext>,
  name: string,
  handle: (ctx: SaudaContext) => Promise<unknown>,
): void {
  composer.command(name, async (ctx) => {
    if (ctx.match.trim() !== "") throw new Refusal(text.example(`/${name}`));
    await handle(ctx);
  });
}
