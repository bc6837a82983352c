import { tradeCommand } from "../src/bot/orders/trade-command.ts";

export const buy = tradeCommand("buy", "Buy, with a card to confirm", "/buy SBIN 10 @ 1000 mis");
