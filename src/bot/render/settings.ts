import type { Settings } from "../../services/users.ts";
import { html, lines, type Html } from "../html.ts";

export const settingsText = (settings: Settings): Html =>
  lines(
    html`<b>Settings</b>`,
    html`Messages come with a sound (on), without (silent), or not at all (off).`,
    html`Times are Indian time, on trading days.`,
    html`A market order fills at most ${settings.protectionBasisPoints / 100}% away from the last price.`,
    html`<i>Tap to change.</i>`,
  );
