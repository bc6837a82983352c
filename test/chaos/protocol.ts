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
  /** Confirms directly at the order desk, `times` at the same moment. */
  | { readonly kind: "tap"; readonly confirmId: string; readonly times: number }
  /** The tap as an update, which Telegram repeats until it is acknowledged, and sometimes after that. */
  | { readonly kind: "update"; readonly updateId: number; readonly lane: string; readonly confirmId: string }
  | { readonly kind: "state"; readonly id: string }
  | { readonly kind: "cancel"; readonly id: string }
  /** Makes a card that closes the account's position in the instrument. */
  | { readonly kind: "exit-card"; readonly broker: string; readonly key: InstrumentKey }
  /** A panic with exits; answered when it is over. */
  | { readonly kind: "panic"; readonly id: string }
  /** Reads the state of every open order from its broker. */
  | { readonly kind: "look" };

export type Answer =
  | { readonly kind: "ticket"; readonly id: string; readonly confirmId: string }
  /** `lapsed`: the ticket was not confirmed and can no longer be; the person makes a new one. */
  | { readonly kind: "tapped"; readonly won: number; readonly lapsed: boolean }
  | { readonly kind: "acknowledged" }
  | { readonly kind: "stands"; readonly state: "open" | "confirmed" | "lapsed" }
  | { readonly kind: "cancelled"; readonly result: string }
  | { readonly kind: "panicked"; readonly exits: number }
  | { readonly kind: "looked"; readonly orders: number }
  | { readonly kind: "failed"; readonly why: string };

/** Sent as lines of JSON. Each answer carries its command's number; a process's first line says that it is ready. */
export interface Asked {
  readonly ask: number;
  readonly command: Command;
}
export type Said = { readonly ready: true } | { readonly ask: number; readonly answer: Answer };
