/** The first `most` of the names, and how many there are beside them: "INFY, TCS, 3 more". */
export const firstNames = (all: readonly string[], most: number): string =>
  [...all.slice(0, most), ...(all.length > most ? [`${all.length - most} more`] : [])].join(", ");
