import fc from "fast-check";
import type { Message } from "../../playground/telegram/types.ts";
import { asData, input, type Input } from "./inputs.ts";
import { openFuzzWorld, PEOPLE, type FuzzWorld } from "./world.ts";

const BATCH = 40;
/** Buttons are tapped on this many of the newest messages. */
const RECENT = 60;
const SETTLE_EVERY = 480;
/** Each world gets this many inputs: a larger one becomes slow as its chats and store grow. */
const INPUTS_PER_WORLD = 24_000;
/** Telegram's refusal of an edit that changes nothing, which a refreshed message may be. */
const NOT_MODIFIED = /message is not modified/;

export interface FuzzReport {
  readonly inputs: number;
  readonly seed: number;
  /** What must never happen: a refused call, a failed handler, typed markup that was not escaped, an unhandled rejection. */
  readonly failures: readonly string[];
  /** Callback verbs that no tap carried. */
  readonly untappedVerbs: readonly string[];
  readonly seconds: number;
}

/** Feeds the bot random inputs and collects the failures. The same seed repeats a run. */
export async function fuzz(
  inputs: number,
  seed: number,
  say: (line: string) => void = () => undefined,
): Promise<FuzzReport> {
  const failures: string[] = [];
  const tapped = new Set<string>();
  const verbs = new Set<string>();
  const note = (error: unknown): void =>
    void failures.push(`unhandled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.on("unhandledRejection", note);
  const startedAt = performance.now();
  try {
    for (let done = 0; done < inputs; done += INPUTS_PER_WORLD) {
      const world = await openFuzzWorld();
      for (const verb of world.verbs) verbs.add(verb);
      try {
        await feed(world, Math.min(INPUTS_PER_WORLD, inputs - done), seed + done, tapped);
      } finally {
        const found = failuresOf(world);
        for (const failure of found) say(failure);
        failures.push(...found);
        await world.close();
      }
      say(`${Math.min(done + INPUTS_PER_WORLD, inputs)} inputs, ${failures.length} failures`);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    return { inputs, seed, failures, untappedVerbs: [...verbs].filter((verb) => !tapped.has(verb)), seconds };
  } finally {
    process.off("unhandledRejection", note);
  }
}

async function feed(world: FuzzWorld, inputs: number, seed: number, tapped: Set<string>): Promise<void> {
  for (let done = 0; done < inputs; done += BATCH) {
    if (done % SETTLE_EVERY === 0) await world.settle();
    for (const each of fc.sample(input, { seed: seed + done, numRuns: Math.min(BATCH, inputs - done) })) {
      act(world, each, tapped);
    }
    while ((await world.handleAll()) > 0);
  }
}

const failuresOf = (world: FuzzWorld): string[] => [
  ...world.telegram.rejectedCalls
    .filter(({ description }) => !NOT_MODIFIED.test(description))
    .map((call) => `refused: ${JSON.stringify(call)}`),
  ...world.complaints.filter((line) => /"level":"(error|fatal)"/.test(line)).map((line) => `failed: ${line.trim()}`),
  ...world.injected.map((text) => `not escaped: ${text}`),
];

function act(world: FuzzWorld, each: Input, tapped: Set<string>): void {
  const chat = world.telegram.chat(each.user);
  try {
    switch (each.kind) {
      case "text":
        world.twist(chat.send(each.text).message_id, each.twist);
        return;
      case "tap":
        tap(world, each, tapped);
        return;
      case "inline":
        void chat.inline(each.query, each.offset).catch(() => undefined);
        return;
      case "file":
        chat.sendDocument(each.name, "text/csv", Buffer.from(each.name));
        return;
      case "stop":
        chat.block(true);
        chat.block(false);
    }
  } catch {
    // What Telegram itself refuses from a person never reaches the bot.
  }
}

function tap(world: FuzzWorld, each: Extract<Input, { kind: "tap" }>, tapped: Set<string>): void {
  const chat = world.telegram.chat(each.user);
  const fromBot = chat.messages().filter((message) => message.from.is_bot);
  const target = fromBot.slice(-RECENT).at(-1 - (each.pick % RECENT)) ?? fromBot.at(-1);
  const data = dataOf(world, each, target, tapped);
  if (!target || data === undefined) return;
  tapped.add(data.split(":", 1)[0] ?? "");
  world.twist(chat.tap(target.message_id, data), each.twist);
}

function dataOf(
  world: FuzzWorld,
  each: Extract<Input, { kind: "tap" }>,
  target: Message | undefined,
  tapped: ReadonlySet<string>,
): string | undefined {
  // Every verb gets its turn before any gets a second.
  const verb = world.verbs.find((name) => !tapped.has(name)) ?? world.verbs[each.verb % world.verbs.length] ?? "x";
  if (each.how === "made-up") return asData([verb, ...each.words]);
  const shown = shownData(world, each, target);
  if (each.how === "as-shown" || shown === undefined) return shown;
  const parts = shown.split(":");
  const at = 1 + (each.verb % Math.max(1, parts.length - 1));
  return asData(parts.with(Math.min(at, parts.length - 1), each.words[0] ?? ""));
}

/** The data of a real button, sometimes from another person's chat. */
function shownData(
  world: FuzzWorld,
  { pick, user }: Extract<Input, { kind: "tap" }>,
  target: Message | undefined,
): string | undefined {
  const foreign = PEOPLE[pick % PEOPLE.length] ?? user;
  const message = pick % 7 === 0 ? world.telegram.chat(foreign).lastFromBot() : target;
  const buttons = (message?.reply_markup?.inline_keyboard.flat() ?? []).flatMap((button) => button.callback_data ?? []);
  return buttons[pick % Math.max(1, buttons.length)];
}
