import type { InstrumentKey } from "../../src/domain/ids.ts";
import type { Side } from "../../src/domain/order.ts";

export type Command =
  | {
      readonly kind: "ticket";
      readonly broker: string;
      readonly side: Side;
      readonly qty: number;
      /** A limit order away from the market. */
      readonly resting: boolean;
    }
  /** At the desk, so many at the same moment. */
  | { readonly kind: "tap"; readonly confirmId: string; readonly times: number }
  /** The tap as Telegram delivers it: repeated until it is acknowledged, and perhaps after that. */
  | { readonly kind: "update"; readonly updateId: number; readonly lane: string; readonly confirmId: string }
  | { readonly kind: "state"; readonly id: string }
  | { readonly kind: "cancel"; readonly id: string }
  /** The card that closes what the account has open of it. */
  | { readonly kind: "exit-card"; readonly broker: string; readonly key: InstrumentKey }
  /** Exits included, and not answered before it is over. */
  | { readonly kind: "panic"; readonly id: string }
  /** At every order that is still open. */
  | { readonly kind: "look" };

export type Answer =
  | { readonly kind: "ticket"; readonly id: string; readonly confirmId: string }
  /** `lapsed`: nothing was confirmed and nothing can be any more; a person makes a new ticket. */
  | { readonly kind: "tapped"; readonly won: number; readonly lapsed: boolean }
  | { readonly kind: "acknowledged" }
  | { readonly kind: "stands"; readonly state: "open" | "confirmed" | "lapsed" }
  | { readonly kind: "cancelled"; readonly result: string }
  | { readonly kind: "panicked"; readonly exits: number }
  | { readonly kind: "looked"; readonly orders: number }
  | { readonly kind: "failed"; readonly why: string };

/** As lines: each answer carries the number of its command; the first line of a process says that it is ready. */
export interface Asked {
  readonly ask: number;
  readonly command: Command;
}
export type Said = { readonly ready: true } | { readonly ask: number; readonly answer: Answer };
