/** Joiners and variants of a sign are part of words and of faces; whatever else is unseen turns or hides the text around it. */
const UNSEEN = /[[\p{DI}\p{Cc}\u2800]--[\s\p{Join_C}\p{VS}]]/gv;

export const withoutUnseen = (text: string): string => text.replaceAll(UNSEEN, "");
