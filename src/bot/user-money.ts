import { accountValue } from "../domain/day.ts";
import { sumPaise, ZERO_PAISE, type Paise } from "../domain/money.ts";
import type { User } from "../services/people/users.ts";
import type { BotDeps } from "./commands.ts";
import { moneyText, type MoneyText } from "./render/money-text.ts";

/** How this user's amounts are written: in rupees, or in percent of the accounts' value at the last close. */
export async function userMoney(
  deps: Pick<BotDeps, "accounts" | "portfolio" | "snapshots">,
  { _id, settings }: Pick<User, "_id" | "settings">,
): Promise<MoneyText> {
  if (!settings.hidesAmounts) return moneyText(false, ZERO_PAISE);
  const links = (await deps.accounts.active(_id)).map((link) => link._id);
  const last = (await deps.snapshots.latestDays(_id, 1, links)).at(-1);
  return moneyText(true, last?.value ?? (await worthNow(deps, _id)));
}

/** Used until a first close has been stored. */
async function worthNow({ portfolio }: Pick<BotDeps, "portfolio">, user: User["_id"]): Promise<Paise> {
  const parts = await portfolio.all(user);
  return sumPaise(
    parts.flatMap((part) =>
      part.ok ? [accountValue(part.value.funds, part.value.holdings, part.value.positions)] : [],
    ),
  );
}
