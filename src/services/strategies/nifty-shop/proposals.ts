import type { InstrumentKey, IntentId, LinkId, UserId } from "../../../domain/ids.ts";
import type { Instrument } from "../../../domain/instrument.ts";
import type { Paise, Price } from "../../../domain/money.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../../../ports/store.ts";
import { changeDocument } from "../../change-document.ts";
import type { Fill } from "./ledger.ts";
import type { Candidate, Missed, ShopLeg } from "./rules.ts";
import { DEFAULT_SHOP_SETTINGS, type ShopSettings } from "./settings.ts";

export interface ProposedLeg extends ShopLeg {
  readonly instrument: Instrument;
  readonly state: "open" | "skipped";
  /** The latest ticket made from this leg. */
  readonly intent: IntentId | null;
  readonly filledQty: number;
  /** 0 until something fills. */
  readonly avgPrice: Price;
  /** Nothing more will fill. */
  readonly isSettled: boolean;
  /** The day ended before the broker told what became of the order: it may have filled more. */
  readonly isUnresolved?: boolean;
  /** The order is an after-market order: it fills on the trading day after the proposal. */
  readonly isAmo?: boolean;
}

export type ProposalNote =
  | { readonly kind: "no-prices"; readonly tickers: readonly string[] }
  /** Their candles do not lead up to today's price. */
  | { readonly kind: "unfitting"; readonly tickers: readonly string[] }
  /** Too few members could be considered, so nothing is proposed. */
  | { readonly kind: "too-few-prices"; readonly known: number; readonly members: number }
  | { readonly kind: "account-unread" }
  /** A split or bonus since the purchase, so the current price cannot be compared with the price paid. */
  | { readonly kind: "rebased"; readonly symbol: string }
  /** An earlier day's order for a proposed share is still on its way, or its end is not known. */
  | { readonly kind: "not-ended"; readonly symbol: string }
  /** Index changes after this date may be missing. */
  | { readonly kind: "members-known-until"; readonly date: string }
  /** The account holds fewer than the strategy bought. */
  | { readonly kind: "fewer-held"; readonly symbol: string; readonly held: number; readonly bought: number };

/** One decision for one user, and what has been done with it. */
export interface ProposalDocument extends Document {
  readonly _id: string;
  readonly userId: UserId;
  readonly createdAt: number;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly isDry: boolean;
  readonly link: LinkId | null;
  /** Broker account behind the link (`accountBehind`): it holds the shares even after it is linked again. */
  readonly account?: string;
  /** Label of the link; null without one. */
  readonly label: string | null;
  readonly candidates: readonly (Candidate & { readonly symbol: string })[];
  readonly legs: readonly ProposedLeg[];
  readonly missed: readonly (Missed & { readonly symbol: string })[];
  readonly notes: readonly ProposalNote[];
  readonly cash: Paise | null;
  /** `yfinance` when any price was Yahoo's. */
  readonly source: "broker" | "yfinance";
}
export type Proposal = Stored<ProposalDocument>;

interface SettingsDocument extends Document {
  readonly _id: UserId;
  readonly userId: UserId;
  readonly isOn: boolean;
  readonly settings: ShopSettings;
}

const settingsSpec: CollectionSpec<SettingsDocument> = {
  name: "nifty_shop",
  indexes: [{ name: "on", fields: ["isOn"] }],
  encrypted: [],
  durability: "normal",
};
const proposalsSpec: CollectionSpec<ProposalDocument> = {
  name: "proposals",
  indexes: [{ name: "user", fields: ["userId", "createdAt"] }],
  encrypted: [],
  durability: "normal",
};

export interface ShopStore {
  settings(user: UserId): Promise<ShopSettings>;
  changeSettings(user: UserId, change: Partial<ShopSettings>): Promise<ShopSettings>;
  /** Users who have the strategy switched on. */
  on(): Promise<readonly { readonly userId: UserId; readonly settings: ShopSettings }[]>;
  /** Null when there is none, or it is another user's. */
  get(user: UserId, id: string): Promise<Proposal | null>;
  /** False when the id exists already. */
  add(proposal: ProposalDocument): Promise<boolean>;
  /** Oldest first. */
  ofUser(user: UserId): Promise<Proposal[]>;
  latest(user: UserId, limit: number): Promise<Proposal[]>;
  /** Applies the change to the newest version; null when the proposal is gone. */
  change(id: string, apply: (proposal: Proposal) => Partial<Omit<ProposalDocument, "_id">>): Promise<Proposal | null>;
}

export function createShopStore(store: Store): ShopStore {
  const settings: Collection<SettingsDocument> = store.collection(settingsSpec);
  const proposals: Collection<ProposalDocument> = store.collection(proposalsSpec);

  const read = async (user: UserId): Promise<ShopSettings> => ({
    ...DEFAULT_SHOP_SETTINGS,
    ...(await settings.get(user))?.settings,
  });

  return {
    settings: read,
    async changeSettings(user, change) {
      await changeDocument(settings, user, (current) => {
        const next = { ...DEFAULT_SHOP_SETTINGS, ...current?.settings, ...change };
        return { _id: user, userId: user, isOn: next.mode !== "off", settings: next };
      });
      return read(user);
    },
    on: async () => settings.find("on", [true]),
    async get(user, id) {
      const found = await proposals.get(id);
      return found?.userId === user ? found : null;
    },
    add: (proposal) => proposals.insert(proposal),
    ofUser: (user) => proposals.find("user", [user], { order: "asc" }),
    latest: (user, limit) => proposals.find("user", [user], { limit, order: "desc" }),
    change: (id, apply) => changeDocument(proposals, id, (current) => current && { ...current, ...apply(current) }),
  };
}

/** Fills of the strategy's own orders, oldest first; at the proposed price if the broker reported none. */
export const fillsOf = (proposals: readonly Proposal[]): Fill[] =>
  proposals.flatMap(({ legs, date }) =>
    legs
      .filter(({ filledQty }) => filledQty > 0)
      .map(({ kind, key, filledQty, avgPrice, price, isAmo = false }) => ({
        kind,
        key,
        qty: filledQty,
        price: avgPrice > 0 ? avgPrice : price,
        date,
        isAmo,
      })),
  );

export const instrumentsByKey = (proposals: readonly Proposal[]): Map<InstrumentKey, Instrument> =>
  new Map(proposals.flatMap(({ legs }) => legs.map(({ key, instrument }) => [key, instrument] as const)));
