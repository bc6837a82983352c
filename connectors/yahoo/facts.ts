/** All of Yahoo's hosts are moved with this one. */
export const ROOTS = { YAHOO_API_ROOT: "https://query2.finance.yahoo.com" } as const;
