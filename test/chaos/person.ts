import { setTimeout as delay } from "node:timers/promises";
import type { Side } from "../../src/domain/order.ts";
import type { BotProcess } from "./process.ts";
import type { Answer } from "./protocol.ts";
import { DEFINITIONS } from "./street.ts";

/** How often people did what in a run. */
export interface Counts {
  taps: number;
  /** Deliveries of updates, repetitions included. */
  deliveries: number;
  /** Different updates. */
  updates: number;
  cancels: number;
}

type Ticket = Extract<Answer, { kind: "ticket" }>;
type Confirmed = "taken" | "lapsed";

interface Plan {
  readonly broker: string;
  readonly side: Side;
  readonly qty: number;
  readonly resting: boolean;
  /** How many taps at once, at each process. */
  readonly times: number;
  /** How often the confirming update is repeated after it was acknowledged; null confirms directly at the order desk. */
  readonly repeats: number | null;
  readonly tapsAgain: boolean;
  readonly cancels: boolean;
}

/** Many, because processes are killed all the time meanwhile. */
const TRIES = 2_000;
const PAUSE_MS = 150;

function planOf(n: number, random: () => number): Plan {
  const resting = random() < 0.25;
  return {
    broker: DEFINITIONS[n % DEFINITIONS.length]?.name ?? "",
    side: random() < 0.5 ? "BUY" : "SELL",
    // Sometimes more than the account can pay for: such orders are refused, or rejected in the book.
    qty: random() < 0.04 ? 4_000_000 : 1 + Math.floor(random() * 20),
    resting,
    times: random() < 0.05 ? 100 : 1 + Math.floor(random() * 4),
    repeats: random() < 0.5 ? Math.floor(random() * 4) : null,
    tapsAgain: random() < 0.3,
    cancels: resting && random() < 0.6,
  };
}

/** Makes a ticket, confirms it (often, and again later), and sometimes cancels, whichever processes die meanwhile. */
export async function oneOrder(
  n: number,
  bots: readonly BotProcess[],
  random: () => number,
  counts: Counts,
): Promise<void> {
  const { broker, side, qty, resting, times, repeats, tapsAgain, cancels } = planOf(n, random);
  const anyBot = (): BotProcess => bots[Math.floor(random() * bots.length)] as BotProcess;

  async function makeTicket(): Promise<Ticket> {
    let why = "";
    const ticket = await until(async () => {
      const answer = await anyBot().ask({ kind: "ticket", broker, side, qty, resting });
      if (answer?.kind === "failed") why = answer.why;
      return answer?.kind === "ticket" ? answer : null;
    });
    if (!ticket) throw new Error(`no ticket for order ${n}: ${why} ${bots.map((bot) => bot.stderr()).join()}`);
    return ticket;
  }

  async function tap(bot: BotProcess, { confirmId }: Ticket, count: number): Promise<Confirmed | null> {
    counts.taps += count;
    const answer = await bot.ask({ kind: "tap", confirmId, times: count });
    if (answer?.kind !== "tapped") return null;
    return answer.lapsed ? "lapsed" : "taken";
  }

  /** Taps without an answer are repeated: either an earlier tap was taken, or this one is. */
  async function confirmAtDesk(ticket: Ticket): Promise<Confirmed> {
    const targets = bots.length > 1 && times > 1 ? bots : [anyBot()];
    const first = await Promise.all(targets.map((bot) => tap(bot, ticket, times)));
    const told = first.includes("taken") ? "taken" : first.find((answer) => answer !== null);
    return told ?? (await until(() => tap(anyBot(), ticket, 1))) ?? "lapsed";
  }

  /** One update, delivered to any process until it is acknowledged, and `again` times after that. */
  async function confirmByUpdate(ticket: Ticket, again: number): Promise<Confirmed> {
    const updateId = (counts.updates += 1);
    const deliver = async (): Promise<true | null> => {
      counts.deliveries += 1;
      const { confirmId } = ticket;
      const answer = await anyBot().ask({ kind: "update", updateId, lane: `order-${n}`, confirmId });
      return answer?.kind === "acknowledged" ? true : null;
    };
    await until(deliver);
    await Promise.all(Array.from({ length: again }, deliver));
    const end = await until(async () => {
      const answer = await anyBot().ask({ kind: "state", id: ticket.id });
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
    await tap(anyBot(), ticket, 2);
  }
  if (cancels) {
    await delay(300 + random() * 1_000);
    counts.cancels += 1;
    await anyBot().ask({ kind: "cancel", id: ticket.id });
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
