/** The simulated brokers' switches, as the page's drawer shows them. */
export interface LabState {
  /** The simulated exchange's time, as text. */
  readonly clock: string;
  readonly brokers: readonly LabBroker[];
}

export interface LabBroker {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly credentials: readonly { readonly field: string; readonly label: string; readonly value: string }[];
  /** What is sent to the chat after the keys, at a broker without a login page. */
  readonly paste: string | null;
  readonly switches: readonly { readonly name: string; readonly label: string; readonly on: boolean }[];
  readonly faults: readonly { readonly kind: string; readonly label: string; readonly on: boolean }[];
}

export interface LabAction {
  readonly broker?: string | undefined;
  readonly action: string;
  readonly value?: unknown;
}

/** Passed in by whoever starts the playground; the local Telegram knows nothing of brokers. */
export interface Lab {
  state(): LabState;
  act(action: LabAction): void | Promise<void>;
}
