import { Composer } from "grammy";
import { onCallback } from "./callbacks.ts";
import type { BotDeps, CommandModule } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import type { MoneyPage } from "./render/portfolio.ts";
import { noAccount } from "./no-account.ts";
import { userMoney } from "./user-money.ts";
import { show, type View } from "./view.ts";
import type { UserId } from "../domain/ids.ts";
import type { LinkResult } from "../services/accounts.ts";

/** A command that reads all accounts and shows one view of them in pages; its buttons read again and edit the message. */
export function mergedCommand<T>(
  about: Pick<CommandModule, "name" | "description" | "group">,
  verb: string,
  read: (deps: BotDeps, user: UserId) => Promise<LinkResult<T>[]>,
  render: (parts: readonly LinkResult<T>[], page: MoneyPage) => View,
): CommandModule {
  return {
    ...about,
    role: "viewer",
    register(deps) {
      const composer = new Composer<SaudaContext>();
      const answer = async (ctx: SaudaContext, page: number): Promise<void> => {
        const parts = await read(deps, ctx.user._id);
        if (parts.length === 0) throw await noAccount(deps, ctx.user._id);
        const money = await userMoney(deps, ctx.user);
        await show(ctx, render(parts, { accounts: deps.accounts, now: deps.clock.now(), page, money }));
      };
      composer.command(about.name, (ctx) => answer(ctx, 0));
      onCallback(composer, verb, (ctx, [page]) => answer(ctx, Number(page)));
      return composer;
    },
  };
}
