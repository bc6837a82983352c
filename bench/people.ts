export const ASHA = 1001;

/** The same name in the store and at Telegram: the bot would store a changed one again. */
export const nameOf = (person: number): string => (person === ASHA ? "Asha" : `Person ${person}`);
