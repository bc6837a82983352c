export const WEBHOOK_PATH = "/telegram/webhook";

/** A header of every answer to a job by hand: after a crash another program may listen on the bot's port. */
export const FROM_SAUDA = "x-sauda-job";
