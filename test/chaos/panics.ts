import { setTimeout as delay } from "node:timers/promises";
import { instrumentKey } from "../../src/domain/instrument.ts";
import type { BotProcess } from "./process.ts";
import { DEFINITIONS, OWNED, type Street } from "./street.ts";
import { overclosed } from "./verdict.ts";

const TRADED = [instrumentKey("NSE", 2885), instrumentKey("NSE", 11536)] as const;
/** How often a panic is started again whose process died. */
const TRIES = 60;
/** After this time a request that was sent has reached the broker or never will. */
const LANDED_MS = 2_000;

/**
 * Opens positions, delivery sales among them, and makes cards that close them. Then it panics twice, whether or not the
 * first panic was answered, and confirms some of the cards after each. Returns what was closed more than once.
 */
export async function onePanic(
  n: number,
  bots: readonly BotProcess[],
  street: Street,
  random: () => number,
): Promise<readonly string[]> {
  const anyBot = (): BotProcess => bots[Math.floor(random() * bots.length)] as BotProcess;
  for (const [at, key] of TRADED.entries())
    await street.tradeByHand({ key, side: at === 0 ? "BUY" : "SELL", productType: "INTRADAY", qty: 10 });
  await street.tradeByHand({ key: OWNED, side: "SELL", productType: "CNC", qty: 5 });
  const before = street.positions();

  const cards = (await Promise.all(TRADED.flatMap((key) => DEFINITIONS.map(({ name }) => cardOf(name, key))))).flat();
  async function cardOf(broker: string, key: (typeof TRADED)[number]) {
    const answer = await anyBot().ask({ kind: "exit-card", broker, key });
    return answer?.kind === "ticket" ? [answer.confirmId] : [];
  }

  for (const turn of ["first", "second"]) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await anyBot().ask({ kind: "panic", id: `panic-${n}-${turn}-${tries}` });
      if (answer?.kind === "panicked") break;
      await delay(150);
    }
    const tapped = cards.filter(() => random() < 0.5);
    await Promise.all(tapped.map((confirmId) => anyBot().ask({ kind: "tap", confirmId, times: 2 })));
  }
  await delay(LANDED_MS);
  return overclosed(before, street.positions());
}
