import type { InstrumentTable } from "../../../connectors/base.ts";
import type { BrokerName, InstrumentKey } from "../../domain/ids.ts";
import type { Instrument } from "../../domain/instrument.ts";

/** What a symbol text means. If two instruments match, the user picks, never the code. */
export type Resolution =
  | { readonly kind: "one"; readonly instrument: Instrument }
  /** Best first; the user picks. */
  | { readonly kind: "many"; readonly candidates: readonly Instrument[] }
  /** Nothing matches; perhaps a suggestion was meant. `lacksList`: it may exist, in a list that could not be loaded. */
  | { readonly kind: "none"; readonly suggestions: readonly Instrument[]; readonly lacksList?: true };

/** All brokers' masters, joined by exchange segment and token. */
export interface Instruments {
  /** One broker's master: loaded from disk or downloaded on first use, then refreshed daily. */
  table(broker: BrokerName): Promise<InstrumentTable>;
  byKey(key: InstrumentKey): Promise<Instrument | undefined>;
  /** Best first. Understands tickers, names, misspellings and phrases such as "nifty 25000 ce next week". */
  search(text: string, limit: number): Promise<readonly Instrument[]>;
  resolve(text: string): Promise<Resolution>;
  /** Whether the share has futures, judged by the loaded masters; null when they cannot tell. */
  hasFutures(share: Instrument): boolean | null;
  /** Downloads the masters that are due. Returns the status of each, for the job's log and the operator. */
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
