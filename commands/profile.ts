import { profilesView } from "../src/bot/render/books.ts";
import { mergedCommand } from "../src/bot/merged-command.ts";

export const profile = mergedCommand(
  { name: "profile", description: "Who you are at each broker", group: "Accounts" },
  "prof",
  ({ portfolio }, user, label) => portfolio.profiles(user, label),
  profilesView,
);
