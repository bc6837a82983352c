/**
 * Invisible characters, which can hide or reorder text. Not the joiners and variation selectors of Indic words and
 * emoji.
 */
const INVISIBLE = /[[\p{DI}\p{Cc}\u2800]--[\s\p{Join_C}\p{VS}]]/gv;

export const withoutInvisible = (text: string): string => text.replaceAll(INVISIBLE, "");
