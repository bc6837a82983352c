import { Composer } from "grammy";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { lines, type Html } from "../src/bot/html.ts";
import { lock as text } from "../src/bot/safety-text.ts";
import { showPicture } from "../src/bot/picture-view.ts";
import { send } from "../src/bot/view.ts";
import { qrPicture } from "../src/lib/chart/qr.ts";
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
    composer.command("lock", async (ctx) => {
      const answer = await obey(deps, ctx, ctx.match.trim().toLowerCase());
      if (answer) await send(ctx, { html: answer });
    });
    return composer;
  },
};

/** Null when it has answered already. */
async function obey(deps: BotDeps, ctx: SaudaContext, wish: string): Promise<Html | null> {
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
    case "totp":
      await showTotp(deps, ctx);
      return null;
    default:
      await orderLock.remove(user);
      return text.removed();
  }
}

async function showTotp({ orderLock, pictures }: BotDeps, ctx: SaudaContext): Promise<void> {
  const user = ctx.user._id;
  const secret = await orderLock.offerTotp(user);
  await orderLock.expect(user, "totp-proof");
  const uri = otpauthUri(secret.reveal(), ctx.user.name);
  const shown = await showPicture(ctx, {
    png: await pictures.draw(await qrPicture(uri)),
    html: text.totpShown(uri),
  });
  if (shown) await orderLock.noteShown(user, shown.messageId);
}
