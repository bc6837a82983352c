/** The shipped font has no minus sign, for which a hyphen stands in, and no pictographs, which are left out. */
export const drawable = (text: string): string =>
  text.replaceAll("−", "-").replaceAll(/[\p{Extended_Pictographic}\u{fe0f}]+ ?/gu, "");
