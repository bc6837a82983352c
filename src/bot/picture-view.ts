import { InputFile, type Context, type InlineKeyboard } from "grammy";
import type { Svg } from "../lib/chart/svg.ts";
import { inTheme } from "../lib/chart/theme.ts";
import { cutHtml, MAX_CAPTION } from "../lib/cut-html.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import type { Html } from "./html.ts";
import { isHarmless } from "./view.ts";

/** A message that is a picture with a caption of at most 1,024 characters. */
export interface PictureView {
  /** PNG; null leaves the picture that is there as it is. */
  readonly png: Uint8Array | null;
  readonly html: Html;
  readonly keyboard?: InlineKeyboard;
}

/** On the paper of the reader's choice. */
export const drawn = ({ pictures }: BotDeps, { user }: SaudaContext, svg: Svg): Promise<Uint8Array> =>
  pictures.draw(inTheme(svg, user.settings.pictures));

/** Whether the button that was tapped stands under a picture. */
export const isUnderPicture = ({ callbackQuery }: Context): boolean =>
  callbackQuery?.message !== undefined && "photo" in callbackQuery.message;

/** A button's answer replaces its picture or caption; anything else is a new message, whose number is answered. */
export async function showPicture(ctx: Context, view: PictureView): Promise<{ messageId: number } | null> {
  const caption = { caption: cutHtml(view.html.toString(), MAX_CAPTION), parse_mode: "HTML" as const };
  const markup = view.keyboard ? { reply_markup: view.keyboard } : {};
  try {
    if (!isUnderPicture(ctx) && view.png) {
      const sent = await ctx.replyWithPhoto(new InputFile(view.png, "picture.png"), { ...caption, ...markup });
      return { messageId: sent.message_id };
    }
    if (view.png) {
      const media = { type: "photo" as const, media: new InputFile(view.png, "picture.png"), ...caption };
      await ctx.editMessageMedia(media, markup);
    } else await ctx.editMessageCaption({ ...caption, ...markup });
  } catch (error) {
    if (!isHarmless(error)) throw error;
  }
  return null;
}
