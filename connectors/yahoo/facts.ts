/** Overriding this one redirects all of Yahoo's hosts. */
export const ROOTS = { YAHOO_API_ROOT: "https://query2.finance.yahoo.com" } as const;
