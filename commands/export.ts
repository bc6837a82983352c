import { Composer, InputFile } from "grammy";
import type { CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { Refusal } from "../src/bot/refusal.ts";
import * as text from "../src/bot/text.ts";
import { istDate } from "../src/domain/market.ts";

const MONTH = /^(?:orders(?:\s+|$))?(\d{4}-(?:0[1-9]|1[0-2]))?$/i;

export const exportOrders: CommandModule = {
  name: "export",
  description: "Your orders of a month as a CSV file",
  group: "Trade",
  example: "/export orders 2026-11",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("export", async (ctx) => {
      const asked = MONTH.exec(ctx.match.trim());
      if (!asked) throw new Refusal(text.example("/export orders 2026-11"));
      const month = asked[1] ?? istDate(deps.clock.now()).slice(0, 7);
      const { csv, orders } = await deps.orderExport.month(ctx.user._id, month);
      if (orders === 0) throw new Refusal(text.exports.none(month));
      const file = new InputFile(Buffer.from(csv), `orders-${month}.csv`);
      await ctx.replyWithDocument(file, { caption: text.exports.caption(month, orders) });
    });
    return composer;
  },
};
