/** Invisible characters, which can hide or reorder text. Not the joiners and variation selectors of Indic words and emoji. */
const UNSEEN = /[[\p{DI}\p{Cc}\u2800]--[\s\p{Join_C}\p{VS}]]/gv;

export const withoutUnseen = (text: string): string => text.replaceAll(UNSEEN, "");
