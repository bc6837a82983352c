import fc from "fast-check";
import type { Message } from "../../playground/telegram/types.ts";
import { input, type Input } from "./inputs.ts";
import { ASHA, openFuzzWorld, PEOPLE, VIKRAM, type FuzzWorld } from "./world.ts";

const BATCH = 40;
/** Buttons of the newest messages are tapped most; the rest are old ones. */
const RECENT = 60;
/** Fewer than the local Telegram keeps, so that it stays quick. */
const CLEAR_EVERY = 2_000;
/** What Telegram says when a refreshed message came out the same. */
const NOTHING_NEW = /message is not modified/;

export interface FuzzReport {
  readonly inputs: number;
  readonly seed: number;
  readonly rejectedCalls: readonly unknown[];
  /** Handlers that ended in something that no handler should end in. */
  readonly failures: readonly string[];
  readonly unhandled: readonly string[];
  readonly seconds: number;
}

/** Feeds the bot what people might send, and collects what must never happen. The seed repeats a run. */
export async function fuzz(
  inputs: number,
  seed: number,
  say: (line: string) => void = () => undefined,
): Promise<FuzzReport> {
  const unhandled: string[] = [];
  const note = (error: unknown): void =>
    void unhandled.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("unhandledRejection", note);
  const startedAt = performance.now();
  const world = await openFuzzWorld();
  try {
    await prepare(world);
    for (let done = 0; done < inputs; done += BATCH) {
      const batch = fc.sample(input, { seed: seed + done, numRuns: Math.min(BATCH, inputs - done) });
      for (const each of batch) act(world, each);
      while ((await world.handleAll()) > 0);
      if (done % CLEAR_EVERY === 0) for (const user of PEOPLE) world.telegram.chat(user).clear();
      if (done % 10_000 === 0)
        say(`${done} inputs, ${world.telegram.rejectedCalls.length} refused calls, ${failures(world).length} failures`);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const rejectedCalls = world.telegram.rejectedCalls.filter(({ description }) => !NOTHING_NEW.test(description));
    return { inputs, seed, rejectedCalls, failures: failures(world), unhandled, seconds };
  } finally {
    await world.close();
    process.off("unhandledRejection", note);
  }
}

const failures = (world: FuzzWorld): string[] =>
  world.complaints.filter((line) => /"level":"(error|fatal)"/.test(line) || line.includes("outside every boundary"));

/** The owner and a viewer with an account each, and a stranger. */
async function prepare(world: FuzzWorld): Promise<void> {
  for (const user of PEOPLE) world.telegram.chat(user).send("/start");
  await world.handleAll();
  for (const user of [ASHA, VIKRAM]) world.telegram.chat(user).send("/link paper");
  await world.handleAll();
}

function act(world: FuzzWorld, each: Input): void {
  const chat = world.telegram.chat(each.user);
  if (each.kind === "text") {
    try {
      chat.send(each.text);
    } catch {
      // What Telegram itself does not take from a person never reaches the bot.
    }
    return;
  }
  const fromBot = chat.messages().filter((message) => message.from.is_bot);
  const target = fromBot.slice(-RECENT).at(-1 - (each.pick % RECENT)) ?? fromBot.at(-1);
  const data = each.data ?? pressed(world, each, target);
  if (target && data !== undefined) chat.tap(target.message_id, data);
}

/** Data of a real button, now and then one of another person's chat. */
function pressed(
  world: FuzzWorld,
  { pick, user }: Extract<Input, { kind: "tap" }>,
  target: Message | undefined,
): string | undefined {
  const foreign = PEOPLE[pick % PEOPLE.length] ?? user;
  const message = pick % 7 === 0 ? world.telegram.chat(foreign).lastFromBot() : target;
  const buttons = (message?.reply_markup?.inline_keyboard.flat() ?? []).flatMap((button) => button.callback_data ?? []);
  return buttons[pick % Math.max(1, buttons.length)];
}
