import type { InlineKeyboard } from "grammy";
import type { Html } from "./html.ts";

/** Ends a handler with an answer to the user that is no failure: the error boundary sends it and logs nothing. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly html: Html;
  /** What may be done about it. */
  readonly keyboard: InlineKeyboard | null;

  constructor(html: Html, keyboard: InlineKeyboard | null = null) {
    super("refused");
    this.html = html;
    this.keyboard = keyboard;
  }
}

/** The same with other words may do: whatever asked for them goes on waiting. */
export class Correction extends Refusal {}
