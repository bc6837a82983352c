const MAX_CHARS = 600;

/** Cuts a text that may be as long as a whole reply or message to what a chat message can show of it. */
export const shortened = (text: string): string =>
  text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS).toWellFormed()}…` : text;
