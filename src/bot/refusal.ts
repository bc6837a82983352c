import type { Html } from "./html.ts";

/** Ends a handler with an answer to the user that is no failure: the error boundary sends it and logs nothing. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly html: Html;

  constructor(html: Html) {
    super("refused");
    this.html = html;
  }
}

/** The same with other words may do: whatever asked for them goes on waiting. */
export class Correction extends Refusal {}
