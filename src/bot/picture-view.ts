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
  /** PNG; null changes only the caption of the message's picture. */
  readonly png: Uint8Array | null;
  readonly html: Html;
  readonly keyboard?: InlineKeyboard;
}

/** Draws the SVG as PNG in the user's theme, light or dark. */
export const toPng = ({ pictures }: BotDeps, { user }: SaudaContext, svg: Svg): Promise<Uint8Array> =>
  pictures.draw(inTheme(svg, user.settings.pictures));

/** Whether the button that was tapped stands under a picture. */
export const isUnderPicture = ({ callbackQuery }: Context): boolean =>
  callbackQuery?.message !== undefined && "photo" in callbackQuery.message;

/**
 * Replaces the picture or caption under a tapped button, and returns null; else sends a new message and returns its id.
 */
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
