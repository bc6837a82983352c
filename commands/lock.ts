import { Composer } from "grammy";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { lines, type Html } from "../src/bot/html.ts";
import { freeze, sentBy } from "../src/bot/updates/lock-gate.ts";
import { lock as text } from "../src/bot/safety-text.ts";
import { showPicture } from "../src/bot/picture-view.ts";
import { deleteSecret, send } from "../src/bot/view.ts";
import { qrPicture } from "../src/lib/chart/qr.ts";
import { otpauthUri } from "../src/lib/totp.ts";
import { PIN_PATTERN } from "../src/services/people/lock.ts";

export const lock: CommandModule = {
  name: "lock",
  description: "Freeze trading, or ask for a PIN",
  group: "Settings",
  example: "/lock pin",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    // A bare /lock, and "/lock on" without a PIN, are handled by `urgentLock`, above the lanes.
    composer.command("lock", async (ctx) => {
      const words = ctx.match.trim().toLowerCase().split(/\s+/);
      const wanted = words.filter((word) => !PIN_PATTERN.test(word));
      // Not taken, because a command awaits none; but it must not stay in the chat.
      if (wanted.length < words.length) await deleteSecret(ctx);
      const answer = await changeLock(deps, ctx, wanted.join(" "));
      if (answer) await send(ctx, { html: answer });
    });
    return composer;
  },
};

/** Returns the answer; null when it was sent already. */
async function changeLock(deps: BotDeps, ctx: SaudaContext, wanted: string): Promise<Html | null> {
  if (wanted === "on") return freeze(deps, ctx, ctx.user);
  const { orderLock } = deps;
  const user = ctx.user._id;
  const { kind, isFrozen, needsCode } = await orderLock.state(user);
  if (!["off", "pin", "totp", "none"].includes(wanted)) return lines(text.status(kind, isFrozen), text.usage());
  // Somebody else who holds the phone must not be able to remove or replace the lock.
  if (kind !== "none" && needsCode) {
    await orderLock.expect(user, "code");
    return wanted === "off" ? text.needsCodeToThaw(kind) : text.needsCodeToChange(kind);
  }
  switch (wanted) {
    case "off":
      return (await orderLock.thaw(user, sentBy(ctx))) ? text.thawed() : text.lockedSince();
    case "pin":
      await orderLock.expect(user, "new-pin");
      return text.askPin();
    case "totp":
      await showTotp(deps, ctx);
      return null;
    default:
      await orderLock.remove(user);
      return text.removed(isFrozen);
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
