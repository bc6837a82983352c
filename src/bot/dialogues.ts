import type { SaudaContext } from "./context.ts";

/** Begins a dialogue in place of whichever is going on: one person has one at a time. */
export async function enterDialogue(ctx: SaudaContext, name: string, start: object): Promise<void> {
  await ctx.conversation.exitAll();
  await ctx.conversation.enter(name, start);
}
