import type { Api } from "grammy";
import { commands } from "../../commands/index.ts";
import type { Log } from "../lib/log.ts";

/** Telegram's command menu is the registry. Failing to set it stops nothing. */
export async function announceCommands(api: Api, log: Log): Promise<void> {
  const list = commands.map(({ name, description }) => ({ command: name, description }));
  await api
    .setMyCommands(list, { scope: { type: "all_private_chats" } })
    .catch((error: unknown) => log.warn({ err: error }, "command menu not set"));
}
