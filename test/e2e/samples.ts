import { readFileSync, writeFileSync } from "node:fs";
import { commands } from "../../commands/index.ts";
import type { Message } from "../../playground/telegram/types.ts";
import { startTestSauda } from "./sauda.ts";

// Writes the README's command table and each command's reply, as the playground gives it at one fixed time.

const README = "README.md";
const ASHA = 1001;
/** What is typed for each command, in an order in which each reply has something to show. */
const TYPED: Readonly<Record<string, string>> = {
  quote: "/quote SBIN",
  depth: "/depth SBIN",
  search: "/search state bank",
  buy: "/buy SBIN 10",
  sell: "/sell SBIN 4 @ 1010",
  exit: "/exit SBIN",
  chart: "/chart SBIN 6mo",
  alert: "/alert SBIN > 1100",
  watch: "/watch SBIN",
  export: "/export orders 2026-11",
};
const FIRST = ["start", "buy", "sell"];

const running = await startTestSauda();
const asha = running.playground.chat(ASHA);
const replies = new Map<string, string>();
const ENDS: Readonly<Record<string, RegExp>> = { buy: /Filled/, sell: /Open at the broker/ };
const confirmed = (id: number, name: string): Message | undefined =>
  asha.messages().find(({ message_id, text }) => message_id === id && ENDS[name]?.test(text ?? ""));

for (const name of FIRST) {
  const typed = TYPED[name] ?? `/${name}`;
  const card = await asha.ask(typed);
  replies.set(name, sample(typed, card));
  if (name === "start") {
    asha.tapButton("Open a paper account");
    await asha.until(() => asha.messages().find(({ text }) => text?.includes("account is open")));
  } else {
    asha.tapButton(name === "buy" ? "Confirm buy" : "Confirm sell");
    const done = await asha.until(() => confirmed(card.message_id, name));
    replies.set(name, `${replies.get(name)}\n\nand once confirmed:\n\n${quoted(done)}`);
  }
}
for (const { name } of commands) {
  if (replies.has(name)) continue;
  const typed = TYPED[name] ?? `/${name}`;
  const answer = await asha.ask(typed).catch(() => null);
  if (answer) replies.set(name, sample(typed, answer));
}
await running.stop();

const table = [
  "| command | what it does |",
  "|---|---|",
  ...commands.map(({ name, description, example }) => `| \`${example ?? `/${name}`}\` | ${description} |`),
];
const samples = commands.flatMap(({ name }) => (replies.has(name) ? [replies.get(name) ?? ""] : []));
let readme = readFileSync(README, "utf8");
readme = between(readme, "commands", table.join("\n"));
readme = between(readme, "replies", samples.join("\n\n"));
writeFileSync(README, readme);

function sample(typed: string, message: Message): string {
  return `\`${typed}\`\n\n${quoted(message)}`;
}

function quoted(message: Message): string {
  const buttons = (message.reply_markup?.inline_keyboard ?? []).map((row) =>
    row.map(({ text }) => `[${text}]`).join(" "),
  );
  const body =
    message.text ??
    (message.photo
      ? `(a picture) ${message.caption ?? ""}`
      : `(a file, ${message.document?.file_name ?? ""}) ${message.caption ?? ""}`);
  return ["```text", body.replaceAll("\u2060", ""), ...buttons, "```"].join("\n");
}

function between(text: string, marker: string, body: string): string {
  const [start, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`README lacks the marker ${marker}`);
  return `${text.slice(0, from + start.length)}\n${body}\n${text.slice(to)}`;
}
