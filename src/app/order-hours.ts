import {
  CalendarUnknown,
  closingTime,
  nextTradingDay,
  nextWeekday,
  sessionAt,
  type TradingCalendar,
} from "../domain/calendar.ts";
import { isDerivative, type Instrument, type Segment } from "../domain/instrument.ts";
import { addDays, istDate, istTime } from "../domain/market.ts";
import type { Instruments } from "../services/instruments/types.ts";
import type { MarketPhase } from "../services/orders/findings.ts";

export interface OrderHours {
  readonly phaseOf: (instrument: Instrument, at: number) => MarketPhase;
  /** The first expiry that can still be traded: today's only until the last session of the day ends. */
  readonly firstExpiry: (at: number) => string;
  readonly nextTradingDay: (date: string) => string;
}

/** What the calendar means for orders. Where it is unknown the broker decides, not a guess, and the card says so. */
export function orderHours(
  calendar: () => TradingCalendar,
  isAlwaysOpen: boolean,
  hasFutures: Instruments["hasFutures"] = () => null,
): OrderHours {
  function firstExpiry(at: number, segment: Segment = "NFO"): string {
    const today = istDate(at);
    if (isAlwaysOpen) return today;
    try {
      const close = closingTime(today, calendar(), segment);
      return close !== null && istTime(at) >= close ? addDays(today, 1) : today;
    } catch (error) {
      if (error instanceof CalendarUnknown) return today;
      throw error;
    }
  }

  return {
    firstExpiry: (at) => firstExpiry(at),
    phaseOf(instrument, at) {
      if (isDerivative(instrument) && instrument.expiry < firstExpiry(at, instrument.segment)) return "expired";
      if (isAlwaysOpen) return "open";
      const session = sessionAt(instrument.segment, at, calendar(), { hasDerivatives: hasFutures(instrument) ?? true });
      if (session.kind === "closed") return "closed";
      if (session.kind === "hours-unknown" || (session.kind === "unknown" && session.what === "year")) return "unknown";
      if (session.kind === "phase" && session.phase === "post-close") return "post-close";
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
