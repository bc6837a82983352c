import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BotDeps } from "../../src/bot/commands.ts";
import { userMoney } from "../../src/bot/user-money.ts";
import { addFigures } from "../../src/domain/day.ts";
import { linkId, userId, type LinkId } from "../../src/domain/ids.ts";
import { paiseFromRupees, ZERO_PAISE } from "../../src/domain/money.ts";
import { createSnapshots, type Snapshots } from "../../src/services/portfolio/snapshots.ts";
import { DEFAULT_SETTINGS } from "../../src/services/people/users.ts";
import { setClock, tempStore, type TempStore } from "../notify/temp-store.ts";

const ASHA = userId(1001);
const [MINE, OTHER, GONE] = [linkId("l1"), linkId("l2"), linkId("l3")];
const hiding = { _id: ASHA, settings: { ...DEFAULT_SETTINGS, hidesAmounts: true } };

describe("hidden amounts", () => {
  let temp: TempStore;
  let snapshots: Snapshots;
  let value = paiseFromRupees(100_000);
  const keep = async (date: string, ...links: LinkId[]): Promise<void> => {
    const day = { userId: ASHA, date, figures: addFigures([]), value, carried: 0, fills: [] };
    for (const link of links) await snapshots.keep({ ...day, link });
  };
  const shown = async (): Promise<string> => {
    const accounts = { active: async () => [{ _id: MINE }, { _id: OTHER }] };
    const money = await userMoney({ accounts, snapshots, portfolio: {} } as unknown as BotDeps, hiding);
    return money.signed(paiseFromRupees(2_000));
  };

  beforeEach(() => {
    const clock = setClock("2026-11-23T10:30:00Z");
    temp = tempStore(clock);
    value = paiseFromRupees(100_000);
    snapshots = createSnapshots({ store: temp.store, clock });
  });
  afterEach(() => temp.remove());

  it("are percentages of all accounts' value, also when one was missing on the last day", async () => {
    await keep("2026-11-20", MINE, OTHER);
    expect(await shown()).toBe("+1.00%");
    await keep("2026-11-23", MINE);
    expect(await shown()).toBe("+1.00%");
  });

  it("read “hidden” when the accounts are worth nothing, or less", async () => {
    for (value of [ZERO_PAISE, paiseFromRupees(-100)]) {
      await keep("2026-11-20", MINE);
      expect(await shown()).toBe("hidden");
    }
  });

  it("do not count an account that is no longer linked", async () => {
    await keep("2026-11-20", MINE, OTHER, GONE);
    await keep("2026-11-23", MINE);
    expect(await shown()).toBe("+1.00%");
  });
});
