export const WEBHOOK_PATH = "/telegram/webhook";
