import { monthlyExpiries } from "../src/domain/instrument.ts";
import type { VenueInstrument } from "./base.ts";

interface Chain<O> {
  readonly expiries: Set<string>;
  readonly options: { readonly expiry: string; readonly option: O }[];
}

/**
 * A master's options, held until its end: an option's symbol depends on whether its expiry is monthly, which is known
 * only when all expiries of its underlying are.
 */
export interface OptionChains<O> {
  /** Notes an expiry (YYYY-MM-DD) of the underlying: `NFO:NIFTY`. */
  note(underlying: string, expiry: string): void;
  add(underlying: string, expiry: string, option: O): void;
  /** The options, underlying by underlying. One that cannot be completed is reported and left out. */
  complete(
    toInstrument: (option: O, isMonthly: boolean) => VenueInstrument,
    onSkipped: (reason: string) => void,
  ): Generator<VenueInstrument>;
}

export function createOptionChains<O>(): OptionChains<O> {
  const chains = new Map<string, Chain<O>>();

  function chainOf(underlying: string): Chain<O> {
    const chain = chains.get(underlying) ?? { expiries: new Set(), options: [] };
    chains.set(underlying, chain);
    return chain;
  }

  return {
    note: (underlying, expiry) => void chainOf(underlying).expiries.add(expiry),
    add(underlying, expiry, option) {
      const chain = chainOf(underlying);
      chain.expiries.add(expiry);
      chain.options.push({ expiry, option });
    },
    *complete(toInstrument, onSkipped) {
      for (const { expiries, options } of chains.values()) {
        const monthly = monthlyExpiries(expiries);
        for (const { expiry, option } of options) {
          const completed = nullIfBad(() => toInstrument(option, monthly.has(expiry)));
          if (completed) yield completed;
          else onSkipped("bad value");
        }
      }
    },
  };
}

function nullIfBad(complete: () => VenueInstrument): VenueInstrument | null {
  try {
    return complete();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
