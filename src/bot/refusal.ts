import type { InlineKeyboard } from "grammy";
import type { Html } from "./html.ts";

/** Thrown to end a handler with an answer to the user. It is no failure: the error boundary sends it and logs nothing. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly html: Html;
  /** What the user can do about it, such as log in. */
  readonly keyboard: InlineKeyboard | null;

  constructor(html: Html, keyboard: InlineKeyboard | null = null) {
    super("refused");
    this.html = html;
    this.keyboard = keyboard;
  }
}

/** A refusal that the user can correct by typing something else: a dialogue that throws it asks again. */
export class Correction extends Refusal {}
