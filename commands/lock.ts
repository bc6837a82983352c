import { Composer } from "grammy";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { lines, type Html } from "../src/bot/html.ts";
import { lock as text } from "../src/bot/safety-text.ts";
import { send } from "../src/bot/view.ts";
import { otpauthUri } from "../src/lib/totp.ts";

export const lock: CommandModule = {
  name: "lock",
  description: "Freeze trading, or ask for a PIN",
  group: "Settings",
  example: "/lock pin",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    // Bare /lock is handled above the lanes, so that it works from any state.
    composer.command("lock", async (ctx) => send(ctx, { html: await obey(deps, ctx, ctx.match.trim().toLowerCase()) }));
    return composer;
  },
};

async function obey(deps: BotDeps, ctx: SaudaContext, wish: string): Promise<Html> {
  const { orderLock } = deps;
  const user = ctx.user._id;
  const { kind, isFrozen, needsCode } = await orderLock.state(user);
  if (!["off", "pin", "totp", "none"].includes(wish)) return lines(text.status(kind, isFrozen), text.usage());
  // Whoever holds the phone must not undo what only its owner could have set.
  if (kind !== "none" && needsCode) {
    await orderLock.expect(user, "code");
    return wish === "off" ? text.needsCodeToThaw(kind) : text.needsCodeToChange(kind);
  }
  switch (wish) {
    case "off":
      await orderLock.freeze(user, false);
      return text.thawed();
    case "pin":
      await orderLock.expect(user, "new-pin");
      return text.askPin();
    case "totp": {
      const secret = await orderLock.offerTotp(user);
      await orderLock.expect(user, "totp-proof");
      return text.totpShown(otpauthUri(secret.reveal(), ctx.user.name));
    }
    default:
      await orderLock.remove(user);
      return text.removed();
  }
}
