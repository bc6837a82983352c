/** The shipped font has no minus sign: a hyphen stands in for it. */
export const drawable = (text: string): string => text.replaceAll("−", "-");
