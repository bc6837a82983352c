import { Composer } from "grammy";
import { onCallback } from "./callbacks.ts";
import type { BotDeps, CommandModule } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import type { MoneyPage } from "./render/portfolio.ts";
import { nothingToRead } from "./no-account.ts";
import { userMoney } from "./user-money.ts";
import { show, type View } from "./view.ts";
import type { UserId } from "../domain/ids.ts";
import type { LinkResult } from "../services/accounts/accounts.ts";

/**
 * A command that reads all accounts, or the one that is named, and shows one view of them in pages; its buttons read again
 * and edit the message.
 */
export function mergedCommand<T>(
  about: Pick<CommandModule, "name" | "description" | "group">,
  verb: string,
  read: (deps: BotDeps, user: UserId, label?: string) => Promise<LinkResult<T>[]>,
  render: (parts: readonly LinkResult<T>[], page: MoneyPage) => View,
): CommandModule {
  return {
    ...about,
    role: "viewer",
    register(deps) {
      const composer = new Composer<SaudaContext>();
      const answer = async (ctx: SaudaContext, page: number, label?: string): Promise<void> => {
        const parts = await read(deps, ctx.user._id, label);
        if (parts.length === 0) throw await nothingToRead(deps, ctx.user._id, label);
        const money = await userMoney(deps, ctx.user);
        const about = { accounts: deps.accounts, now: deps.clock.now(), pastSession: deps.pastSession() };
        await show(ctx, render(parts, { ...about, page, label, money }));
      };
      composer.command(about.name, (ctx) => answer(ctx, 0, labelIn(ctx.match)));
      onCallback(composer, verb, (ctx, [page, label]) => answer(ctx, Number(page), label));
      return composer;
    },
  };
}

/** The account named after a command, like "zerodha2" or "on Angel One"; undefined when none is, or "all". */
export function labelIn(typed: string): string | undefined {
  const label = typed
    .trim()
    .toLowerCase()
    .replace(/^on\s+/, "")
    .replaceAll(/\s+/g, "");
  return label === "" || label === "all" ? undefined : label;
}
