import type { Api } from "grammy";
import { commands } from "../../commands/index.ts";
import type { Log } from "../lib/log.ts";

/** Sets Telegram's command menu from the list of commands. A failure is only logged. */
export async function setCommandMenu(api: Api, log: Log): Promise<void> {
  const list = commands.map(({ name, description }) => ({ command: name, description }));
  await api
    .setMyCommands(list, { scope: { type: "all_private_chats" } })
    .catch((error: unknown) => log.warn({ err: error }, "command menu not set"));
}
