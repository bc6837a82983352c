export const ASHA = 1001;

/** As the store and Telegram both have it: a name that changed is written down again. */
export const nameOf = (person: number): string => (person === ASHA ? "Asha" : `Person ${person}`);
