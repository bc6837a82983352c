import type { Role } from "../../services/people/users.ts";
import { allows } from "../updates/access.ts";
import type { CommandGroup, CommandModule } from "../commands.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";

/** The commands that this role may use, by group and in the order of the registry. */
export function helpView(groups: readonly CommandGroup[], commands: readonly CommandModule[], role: Role): View {
  const usable = commands.filter((command) => allows(role, command.role));
  const blocks = groups.flatMap((group) => {
    const members = usable.filter((command) => command.group === group);
    return members.length === 0 ? [] : [lines(html`<b>${group}</b>`, ...members.map(commandLine)), html``];
  });
  return { html: lines(...blocks.slice(0, -1)) };
}

const commandLine = ({ name, description, example }: CommandModule): Html =>
  html`/${name} – ${description}${example === undefined ? "" : html`: <code>${example}</code>`}`;
