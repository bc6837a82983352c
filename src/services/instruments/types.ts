import type { InstrumentTable } from "../../../connectors/base.ts";
import type { BrokerName, InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";

/** What a symbol text means. Never picked for the user when two things match. */
export type Resolution =
  | { readonly kind: "one"; readonly instrument: Instrument }
  /** Best first; the user picks. */
  | { readonly kind: "many"; readonly candidates: readonly Instrument[] }
  /** Nothing matches; perhaps one of these was meant. `lacksList`: nor could the list be had that it would be in. */
  | { readonly kind: "none"; readonly suggestions: readonly Instrument[]; readonly lacksList?: true };

/** All brokers' masters, joined by exchange segment and token. */
export interface Instruments {
  /** One broker's master: downloaded when first asked for, from disk after that, refreshed daily. */
  table(broker: BrokerName): Promise<InstrumentTable>;
  byKey(key: InstrumentKey): Promise<Instrument | undefined>;
  /** Best first, as people mean it: names, tickers, typing slips, "nifty 25000 ce next week". */
  search(text: string, limit: number): Promise<readonly Instrument[]>;
  resolve(text: string): Promise<Resolution>;
  /** Whether the share has futures, by what is in memory; null where that does not tell. */
  hasFutures(share: Instrument): boolean | null;
  /** Downloads what is due; answers what was done, for the job and the operator. */
  refresh(): Promise<readonly MasterStatus[]>;
  status(): readonly MasterStatus[];
}

export interface MasterStatus {
  readonly broker: BrokerName;
  readonly rows: number;
  readonly skipped: number;
  /** Epoch ms of the copy in use; null when there is none. */
  readonly at: number | null;
  /** The download failed and an older copy is in use. */
  readonly isStale: boolean;
}
