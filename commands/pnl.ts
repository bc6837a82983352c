import { pnlView } from "../src/bot/render/portfolio.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";
import { dayPnlOf } from "../src/domain/totals.ts";

export const pnl = mergedCommand(
  { name: "pnl", description: "Today's profit and loss, all accounts", group: "Portfolio" },
  "pnl",
  async (deps, user) =>
    deps.accounts.callEach(await deps.accounts.active(user), async (connector, access) => {
      const [positions, holdings] = await Promise.all([connector.getPositions(access), connector.getHoldings(access)]);
      return dayPnlOf(positions, holdings);
    }),
  pnlView,
);
