/** Replaces what the shipped font lacks: an en dash for the minus sign, nothing for pictographs. */
export const drawable = (text: string): string =>
  text.replaceAll("−", "–").replaceAll(/[\p{Extended_Pictographic}\u{fe0f}]+ ?/gu, "");
