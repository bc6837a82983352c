import { tradeCommand } from "../src/bot/trade-command.ts";

export const sell = tradeCommand("sell", "Sell, with a card to confirm", "/sell RELIANCE all");
