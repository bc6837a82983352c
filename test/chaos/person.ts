import { setTimeout as delay } from "node:timers/promises";
import type { Side } from "../../src/domain/order.ts";
import type { BotProcess } from "./process.ts";
import type { Answer } from "./protocol.ts";
import { DEFINITIONS } from "./street.ts";

/** What people have done in a run. */
export interface Deeds {
  taps: number;
  /** Updates delivered, repetitions included, and how many different ones they were. */
  deliveries: number;
  updates: number;
  cancels: number;
}

type Ticket = Extract<Answer, { kind: "ticket" }>;
type Confirmed = "taken" | "lapsed";

interface Intention {
  readonly broker: string;
  readonly side: Side;
  readonly qty: number;
  readonly resting: boolean;
  /** Taps at once, at each process. */
  readonly times: number;
  /** By an update, repeated so often after it was acknowledged; else straight at the desk. */
  readonly repeats: number | null;
  readonly tapsAgain: boolean;
  readonly cancels: boolean;
}

/** A person does not give up while everything around is being killed. */
const TRIES = 2_000;
const PAUSE_MS = 150;

function intentionOf(n: number, random: () => number): Intention {
  const resting = random() < 0.25;
  return {
    broker: DEFINITIONS[n % DEFINITIONS.length]?.name ?? "",
    side: random() < 0.5 ? "BUY" : "SELL",
    // Now and then more than the account can pay for: those are refused, or rejected in the book.
    qty: random() < 0.04 ? 4_000_000 : 1 + Math.floor(random() * 20),
    resting,
    times: random() < 0.05 ? 100 : 1 + Math.floor(random() * 4),
    repeats: random() < 0.5 ? Math.floor(random() * 4) : null,
    tapsAgain: random() < 0.3,
    cancels: resting && random() < 0.6,
  };
}

/** Makes a ticket, confirms it (often, and again later), sometimes cancels. Goes on whoever dies meanwhile. */
export async function oneOrder(
  n: number,
  bots: readonly BotProcess[],
  random: () => number,
  deeds: Deeds,
): Promise<void> {
  const { broker, side, qty, resting, times, repeats, tapsAgain, cancels } = intentionOf(n, random);
  const some = (): BotProcess => bots[Math.floor(random() * bots.length)] as BotProcess;

  async function makeTicket(): Promise<Ticket> {
    let why = "";
    const ticket = await until(async () => {
      const answer = await some().ask({ kind: "ticket", broker, side, qty, resting });
      if (answer?.kind === "failed") why = answer.why;
      return answer?.kind === "ticket" ? answer : null;
    });
    if (!ticket) throw new Error(`no ticket for order ${n}: ${why} ${bots.map((bot) => bot.complaint()).join()}`);
    return ticket;
  }

  async function tap(bot: BotProcess, { confirmId }: Ticket, count: number): Promise<Confirmed | null> {
    deeds.taps += count;
    const answer = await bot.ask({ kind: "tap", confirmId, times: count });
    if (answer?.kind !== "tapped") return null;
    return answer.lapsed ? "lapsed" : "taken";
  }

  /** Taps that nobody answered are tapped again: then either an earlier one counted, or this one does. */
  async function confirmAtDesk(ticket: Ticket): Promise<Confirmed> {
    const targets = bots.length > 1 && times > 1 ? bots : [some()];
    const first = await Promise.all(targets.map((bot) => tap(bot, ticket, times)));
    const told = first.includes("taken") ? "taken" : first.find((answer) => answer !== null);
    return told ?? (await until(() => tap(some(), ticket, 1))) ?? "lapsed";
  }

  /** One update, delivered until it is acknowledged and again after that, wherever it lands. */
  async function confirmByUpdate(ticket: Ticket, again: number): Promise<Confirmed> {
    const updateId = (deeds.updates += 1);
    const deliver = async (): Promise<true | null> => {
      deeds.deliveries += 1;
      const { confirmId } = ticket;
      const answer = await some().ask({ kind: "update", updateId, lane: `order-${n}`, confirmId });
      return answer?.kind === "acknowledged" ? true : null;
    };
    await until(deliver);
    await Promise.all(Array.from({ length: again }, deliver));
    const end = await until(async () => {
      const answer = await some().ask({ kind: "state", id: ticket.id });
      return answer?.kind === "stands" && answer.state !== "open" ? answer.state : null;
    });
    return end === "confirmed" ? "taken" : "lapsed";
  }

  const confirm = (ticket: Ticket): Promise<Confirmed> =>
    repeats === null ? confirmAtDesk(ticket) : confirmByUpdate(ticket, repeats);

  let ticket = await makeTicket();
  while ((await confirm(ticket)) === "lapsed") ticket = await makeTicket();
  if (tapsAgain) {
    await delay(200 + random() * 1_500);
    await tap(some(), ticket, 2);
  }
  if (cancels) {
    await delay(300 + random() * 1_000);
    deeds.cancels += 1;
    await some().ask({ kind: "cancel", id: ticket.id });
  }
}

async function until<T>(ask: () => Promise<T | null>): Promise<T | null> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(PAUSE_MS);
  }
  return null;
}
