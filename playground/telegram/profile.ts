import { badRequest } from "./failure.ts";
import type { BotCommand, CommandScope, MenuButton } from "./schemas.ts";
import type { User } from "./types.ts";

/** What a bot says about itself: commands by scope and language, texts by language, menu buttons by chat. */
export interface Profile {
  setCommands(scope: CommandScope, language: string, commands: readonly BotCommand[]): void;
  commands(scope: CommandScope, language: string): readonly BotCommand[];
  /** The list that one person sees: the narrowest scope that has one, the user's language before none. */
  commandsFor(user: User): readonly BotCommand[];
  setText(kind: TextKind, language: string, text: string): void;
  text(kind: TextKind, language: string): string;
  setMenuButton(chatId: number | undefined, button: MenuButton | undefined): void;
  menuButton(chatId: number | undefined): MenuButton;
  snapshot(): ProfileSnapshot;
}

/** Lists, texts and buttons by their keys. */
export interface ProfileSnapshot {
  readonly lists: readonly (readonly [string, readonly BotCommand[]])[];
  readonly texts: readonly (readonly [string, string])[];
  readonly buttons: readonly (readonly [string, MenuButton])[];
}

export type TextKind = "description" | "short_description";

const MAX_COMMANDS = 100;
const TEXT_LIMITS: Readonly<Record<TextKind, number>> = { description: 512, short_description: 120 };

/** Saved over a restart, because a bot may set these only when they have changed. */
export function createProfile(saved: ProfileSnapshot | null, changed: () => void): Profile {
  const lists = new Map(saved?.lists);
  const texts = new Map(saved?.texts);
  const buttons = new Map(saved?.buttons);
  return {
    setCommands(scope, language, commands) {
      const checked = checkedCommands(commands);
      if (checked.length === 0) lists.delete(listKey(scope, language));
      else lists.set(listKey(scope, language), checked);
      changed();
    },
    commands: (scope, language) => lists.get(listKey(scope, language)) ?? [],
    commandsFor(user) {
      const scopes: CommandScope[] = [
        { type: "chat", chat_id: user.id },
        { type: "all_private_chats" },
        { type: "default" },
      ];
      for (const scope of scopes) {
        const list = lists.get(listKey(scope, user.language_code ?? "")) ?? lists.get(listKey(scope, ""));
        if (list) return list;
      }
      return [];
    },
    setText(kind, language, text) {
      if (text.length > TEXT_LIMITS[kind]) throw badRequest(`${kind.replace("_", " ")} is too long`);
      texts.set(`${kind} ${language}`, text);
      changed();
    },
    text: (kind, language) => texts.get(`${kind} ${language}`) || (texts.get(`${kind} `) ?? ""),
    setMenuButton(chatId, button) {
      buttons.set(buttonKey(chatId), button ?? { type: "default" });
      changed();
    },
    menuButton(chatId) {
      const own = buttons.get(buttonKey(chatId));
      if (own && own.type !== "default") return own;
      const shared = buttons.get(buttonKey(undefined));
      return shared && shared.type !== "default" ? shared : { type: "commands" };
    },
    snapshot: () => ({ lists: [...lists], texts: [...texts], buttons: [...buttons] }),
  };
}

const buttonKey = (chatId: number | undefined): string => (chatId === undefined ? "all" : String(chatId));

const listKey = (scope: CommandScope, language: string): string =>
  `${scope.type} ${scope.type === "chat" ? scope.chat_id : ""} ${language}`;

function checkedCommands(commands: readonly BotCommand[]): BotCommand[] {
  if (commands.length > MAX_COMMANDS) throw badRequest("too many commands");
  return commands.map(({ command, description }) => {
    const name = command.replace(/^\//, "");
    if (name === "") throw badRequest("command must not be empty");
    if (!/^[a-z0-9_]{1,32}$/.test(name)) throw badRequest("BOT_COMMAND_INVALID");
    if (description.trim() === "") throw badRequest("command description must not be empty");
    if (description.length > 256) throw badRequest("command description length must not exceed 256");
    return { command: name, description };
  });
}
