import type { Instrument } from "../../../src/domain/instrument.ts";
import type { Price } from "../../../src/domain/money.ts";
import { SECOND_MS } from "./calendar.ts";
import type { Market, Touch } from "./market.ts";
import { blockRange, minuteRange } from "./path.ts";

/** The price that an order waits for, and the exact condition in a second. */
export interface Wait {
  readonly direction: "at-or-below" | "at-or-above";
  readonly level: Price;
  readonly isMet: (touch: Touch) => boolean;
}

/**
 * First second in (after, until] in which the condition is met; null if there is none. Blocks and minutes that stay
 * away from the level are skipped, so that searching hours is cheap. Both ends must be in one trading day.
 */
export function firstSecond(
  market: Market,
  instrument: Instrument,
  wait: Wait,
  after: number,
  until: number,
): number | null {
  if (market.hasSource) {
    const isKnown = until > after && market.knows(instrument, until);
    return isKnown && wait.isMet(market.touch(instrument, until)) ? until : null;
  }
  const { span, toPrice, isRising } = market.pricing(instrument, until);
  const isBelow = wait.direction === "at-or-below";
  const canReach = ({ high, low }: { high: number; low: number }): boolean => {
    const nearest = toPrice(isBelow === isRising ? low : high);
    return isBelow ? nearest <= wait.level : nearest >= wait.level;
  };
  for (let at = Math.max(after + SECOND_MS, span.start); at <= until;) {
    if (at < span.end) {
      const block = blockRange(span, at);
      if (!canReach(block)) {
        at = block.end;
        continue;
      }
      const minute = minuteRange(span, at);
      if (!canReach(minute)) {
        at = minute.end;
        continue;
      }
    }
    if (wait.isMet(market.touch(instrument, at))) return at;
    at += SECOND_MS;
  }
  return null;
}
