import type { Composer, Context } from "grammy";
import type { InstrumentKey } from "../domain/ids.ts";

const MAX_BYTES = 64;

/** A button's callback data: a verb and its arguments, like `pos:2`. Throws when Telegram would refuse it. */
export function callbackData(verb: string, ...args: readonly (string | number)[]): string {
  const data = [verb, ...args].join(":");
  if (Buffer.byteLength(data) > MAX_BYTES) throw new RangeError(`callback data is too long: ${verb}`);
  if (args.some((arg) => String(arg).includes(":"))) throw new RangeError(`callback argument with a colon: ${verb}`);
  return data;
}

/** Handles the buttons of one verb. Any client can send any arguments, so the handler must check them. */
export function onCallback<C extends Context>(
  composer: Composer<C>,
  verb: string,
  handle: (ctx: C, args: readonly string[]) => Promise<unknown>,
): void {
  composer.callbackQuery(new RegExp(`^${verb}(:|$)`), async (ctx) => {
    await handle(ctx, ctx.callbackQuery.data.split(":").slice(1));
  });
}

/** An instrument's key as a button's argument: colons separate arguments, so its own is replaced. */
export const keyArgument = (key: InstrumentKey): string => key.replace(":", "~");
export const keyFromArgument = (argument: string): InstrumentKey => argument.replace("~", ":") as InstrumentKey;
