import { CalendarUnknown, nextTradingDay, sessionAt, type TradingCalendar } from "../domain/calendar.ts";
import type { Instrument } from "../domain/instrument.ts";
import { addDays, weekday } from "../domain/market.ts";
import type { Instruments } from "../services/instruments/types.ts";
import type { MarketPhase } from "../services/orders/findings.ts";

const FRIDAY = 5;
const SATURDAY = 6;

export interface OrderHours {
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
  readonly nextTradingDay: (date: string) => string;
}

/** What the calendar means for orders. Where it does not know, the broker is asked: nothing is held back by a guess. */
export function orderHours(
  calendar: () => TradingCalendar,
  isAlwaysOpen: boolean,
  hasFutures: Instruments["hasFutures"] = () => null,
): OrderHours {
  return {
    phaseOf(instrument, at) {
      if (isAlwaysOpen) return "open";
      const session = sessionAt(instrument.segment, at, calendar(), { hasDerivatives: hasFutures(instrument) ?? true });
      if (session.kind === "closed") return "closed";
      if (session.kind !== "phase" || !session.phase.startsWith("auction")) return "open";
      return session.phase === "auction-limit-only" ? "closing-auction-limits" : "closing-auction";
    },
    nextTradingDay(date) {
      try {
        return nextTradingDay(date, calendar());
      } catch (error) {
        if (error instanceof CalendarUnknown) return nextWeekday(date);
        throw error;
      }
    },
  };
}

function nextWeekday(date: string): string {
  const day = weekday(date);
  return addDays(date, day === FRIDAY ? 3 : day === SATURDAY ? 2 : 1);
}
