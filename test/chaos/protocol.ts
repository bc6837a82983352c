import type { Side } from "../../src/domain/order.ts";

export type Command =
  | {
      readonly kind: "ticket";
      readonly n: number;
      readonly broker: string;
      readonly side: Side;
      readonly qty: number;
      /** A limit order away from the market. */
      readonly resting: boolean;
    }
  | { readonly kind: "tap"; readonly n: number; readonly confirmId: string; readonly times: number }
  | { readonly kind: "cancel"; readonly n: number; readonly id: string }
  /** At every order that is still open. */
  | { readonly kind: "look"; readonly n: number };

export type Answer =
  | { readonly kind: "ready" }
  | { readonly kind: "ticket"; readonly n: number; readonly id: string; readonly confirmId: string }
  /** `lapsed`: nothing was confirmed and nothing can be any more; a person makes a new ticket. */
  | { readonly kind: "tapped"; readonly n: number; readonly won: number; readonly lapsed: boolean }
  | { readonly kind: "cancelled"; readonly n: number; readonly result: string }
  | { readonly kind: "looked"; readonly n: number; readonly orders: number }
  | { readonly kind: "failed"; readonly n: number; readonly why: string };
