import { setTimeout as delay } from "node:timers/promises";
import { instrumentKey } from "../../src/domain/instrument.ts";
import type { BotProcess } from "./process.ts";
import { DEFINITIONS, OWNED, type Street } from "./street.ts";
import { overdone } from "./verdict.ts";

const TRADED = [instrumentKey("NSE", 2885), instrumentKey("NSE", 11536)] as const;
/** A panic whose process died is begun again so often. */
const TRIES = 60;
/** In this time a request that was sent has reached the broker or never will. */
const LANDED_MS = 2_000;

/**
 * Positions, delivery sales among them, and cards that close them; then two panics in a row, whatever became of the first
 * one's answers, and the cards, late. Answers what was closed more than once.
 */
export async function onePanic(
  n: number,
  bots: readonly BotProcess[],
  street: Street,
  random: () => number,
): Promise<readonly string[]> {
  const some = (): BotProcess => bots[Math.floor(random() * bots.length)] as BotProcess;
  for (const [at, key] of TRADED.entries())
    await street.tradeByHand({ key, side: at === 0 ? "BUY" : "SELL", productType: "INTRADAY", qty: 10 });
  await street.tradeByHand({ key: OWNED, side: "SELL", productType: "CNC", qty: 5 });
  const before = street.positions();

  const cards = (await Promise.all(TRADED.flatMap((key) => DEFINITIONS.map(({ name }) => cardOf(name, key))))).flat();
  async function cardOf(broker: string, key: (typeof TRADED)[number]) {
    const answer = await some().ask({ kind: "exit-card", broker, key });
    return answer?.kind === "ticket" ? [answer.confirmId] : [];
  }

  for (const turn of ["first", "second"]) {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await some().ask({ kind: "panic", id: `panic-${n}-${turn}-${tries}` });
      if (answer?.kind === "panicked") break;
      await delay(150);
    }
    const tapped = cards.filter(() => random() < 0.5);
    await Promise.all(tapped.map((confirmId) => some().ask({ kind: "tap", confirmId, times: 2 })));
  }
  await delay(LANDED_MS);
  return overdone(before, street.positions());
}
