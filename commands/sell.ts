import { tradeCommand } from "../src/bot/orders/trade-command.ts";

export const sell = tradeCommand("sell", "Sell, with a card to confirm", "/sell RELIANCE all");
