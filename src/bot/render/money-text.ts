import { shareOf } from "../../domain/day.ts";
import { PAISE_PER_RUPEE, scalePaise, type Paise } from "../../domain/money.ts";
import { percent, rupees, signedAmount, signedRupees } from "./amounts.ts";

/** How amounts are written for one user: in rupees, or (hidden) in percent of the accounts' value. */
export interface MoneyText {
  readonly hides: boolean;
  /** +₹927.50, or +0.93% */
  signed(amount: Paise): string;
  /** +927.50, for tables, or +0.93% */
  cell(amount: Paise): string;
  /** ₹927.50, or 0.93% */
  plain(amount: Paise): string;
  /** +₹928, or +0.93%: for pictures */
  short(amount: Paise): string;
}

const HIDDEN = "hidden";
/** Rounded to whole rupees, still in paise. */
const inWholeRupees = (amount: Paise): Paise => scalePaise(scalePaise(amount, 1, PAISE_PER_RUPEE), PAISE_PER_RUPEE, 1);

/** `whole` is the accounts' value. When it is zero or less, there is no percentage, and amounts read "hidden". */
export function moneyText(hides: boolean, whole: Paise): MoneyText {
  if (!hides)
    return {
      hides,
      signed: signedRupees,
      cell: signedAmount,
      plain: rupees,
      short: (amount) => signedRupees(inWholeRupees(amount)).replace(/\.00$/, ""),
    };
  const part = (amount: Paise): string => {
    const share = shareOf(amount, whole);
    return share === null ? HIDDEN : percent(share);
  };
  return { hides, signed: part, cell: part, plain: (amount) => part(amount).replace(/^\+/, ""), short: part };
}
