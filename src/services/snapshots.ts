import { addFigures, grossOf, netOf, type DayFigures } from "../domain/day.ts";
import { realisedIn, realisedOf, type Fill, type Uncounted } from "../domain/fifo.ts";
import type { LinkId, TradingSymbol, UserId } from "../domain/ids.ts";
import { istDate, istInstant } from "../domain/market.ts";
import { sumPaise, type Paise } from "../domain/money.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../ports/store.ts";
import { changeDocument } from "./change-document.ts";

/** One account's day as it stood when it was last looked at. */
export interface Snapshot {
  readonly userId: UserId;
  readonly link: LinkId;
  /** The broker's and its own name of what is linked: another link of it, made after this one was gone, has it too. */
  readonly account?: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly figures: DayFigures;
  /** Estimate of what the account is worth. */
  readonly value: Paise;
  /** Positions that are carried into the next day. */
  readonly carried: number;
  readonly fills: readonly Fill[];
  /** Traded, and without a charge in the figures. */
  readonly uncharged?: readonly TradingSymbol[];
  /** Held or traded, and in no figures of the day: nobody knew what it had been at the close before. */
  readonly undated?: readonly TradingSymbol[];
  /** Open when the day was kept, in a market that traded on. */
  readonly tradedOn?: readonly TradingSymbol[];
}

interface SnapshotDocument extends Document, Snapshot {
  readonly takenAt: number;
}

const snapshotsSpec: CollectionSpec<SnapshotDocument> = {
  name: "snapshots",
  indexes: [
    { name: "user", fields: ["userId", "date"] },
    { name: "link", fields: ["link", "date"] },
  ],
  encrypted: ["fills", "uncharged", "undated", "tradedOn"],
  durability: "normal",
};

const idOf = (link: LinkId, date: string): string => `${link}:${date}`;

/** All accounts together on one day. */
export interface DayTotal {
  readonly date: string;
  readonly figures: DayFigures;
  /** An account that nobody looked at that day counts with what it was worth before. */
  readonly value: Paise;
}

export interface Period {
  /** The first day there is a snapshot of, and the last; null when there is none. */
  readonly span: { readonly from: string; readonly to: string } | null;
  readonly figures: DayFigures;
  readonly net: Paise;
  readonly best: DayTotal | null;
  readonly worst: DayTotal | null;
  readonly days: readonly DayTotal[];
  /** First in, first out over all trades known, closed in the period; before charges. */
  readonly realisedFifo: Paise;
  /** What that leaves out. */
  readonly uncounted: readonly Uncounted[];
  /** What the charges leave out. */
  readonly uncharged: readonly TradingSymbol[];
  /** What the figures leave out on some day. */
  readonly undated: readonly TradingSymbol[];
  /** What they leave out the evenings of. */
  readonly tradedOn: readonly TradingSymbol[];
}

export interface Snapshots {
  /** Keeps the day of an account; taken again, the later one stands. */
  keep(snapshot: Snapshot): Promise<void>;
  /** Days with all accounts together, oldest first, the latest `count` of them; `links` are the accounts that are still there. */
  latestDays(user: UserId, count: number, links?: readonly LinkId[]): Promise<DayTotal[]>;
  /** From the date on. */
  period(user: UserId, from: string, links?: readonly LinkId[]): Promise<Period>;
  /** The link's last day before the date, null when there is none. */
  lastBefore(link: LinkId, date: string): Promise<Snapshot | null>;
  /** Epoch ms at which the link's day was looked at, null when it was not. */
  takenAt(link: LinkId, date: string): Promise<number | null>;
}

export function createSnapshots(deps: { store: Store; clock: Clock }): Snapshots {
  const snapshots: Collection<SnapshotDocument> = deps.store.collection(snapshotsSpec);

  async function keep(snapshot: Snapshot): Promise<void> {
    const document = { ...snapshot, _id: idOf(snapshot.link, snapshot.date), takenAt: deps.clock.now() };
    await changeDocument(snapshots, document._id, () => document);
  }

  return {
    keep,
    async latestDays(user, count, links = []) {
      const found: Stored<SnapshotDocument>[] = [];
      const dates = new Set<string>();
      for await (const snapshot of newestFirst(user)) {
        dates.add(snapshot.date);
        if (dates.size > count) break;
        found.push(snapshot);
      }
      const from = found.at(-1)?.date ?? "";
      const missed = links.filter((link) => !found.some((day) => day.link === link && day.date === from));
      const earlier = await Promise.all(missed.map((link) => lastOf(link, from, count)));
      const all = [...earlier.filter((day) => day !== null), ...found];
      return totals(withoutTwins(all), links).filter(({ date }) => date >= from);
    },
    async period(user, from, links) {
      const all = await snapshots.find("user", [user]);
      return periodOf(withoutTwins(all), { from, now: deps.clock.now(), links });
    },
    lastBefore: (link, date) => lastOf(link, date, 4),
    takenAt: async (link, date) => (await snapshots.get(idOf(link, date)))?.takenAt ?? null,
  };

  /** The link's last day before a date from which on it has `later` days at most. */
  async function lastOf(link: LinkId, date: string, later: number): Promise<Stored<SnapshotDocument> | null> {
    const latest = await snapshots.find("link", [link], { order: "desc", limit: later + 1 });
    return latest.find((snapshot) => snapshot.date < date) ?? null;
  }

  /** A user's, read in growing pieces: thirty days of a few accounts are one read. */
  async function* newestFirst(user: UserId): AsyncGenerator<Stored<SnapshotDocument>> {
    for (let limit = 120, seen = 0; ; limit *= 4) {
      const page = await snapshots.find("user", [user], { order: "desc", limit });
      yield* page.slice(seen);
      if (page.length < limit) return;
      seen = page.length;
    }
  }
}

/** An account that was linked anew after its day had been kept has that day twice: the later look stands. */
function withoutTwins(all: readonly SnapshotDocument[]): readonly SnapshotDocument[] {
  const nameOf = ({ date, account, link }: Snapshot): string => `${date} ${account ?? link}`;
  const latest = new Map(
    [...all].sort((a, b) => a.takenAt - b.takenAt).map((snapshot) => [nameOf(snapshot), snapshot]),
  );
  return all.filter((snapshot) => latest.get(nameOf(snapshot)) === snapshot);
}

function totals(snapshots: readonly Snapshot[], links: readonly LinkId[] = []): DayTotal[] {
  const days = [...Map.groupBy(snapshots, ({ date }) => date)].sort(([a], [b]) => (a < b ? -1 : 1));
  const lastOf = new Map(days.flatMap(([date, same]) => same.map(({ link }) => [link, date])));
  const worth = new Map<LinkId, Paise>();
  /** One that is gone is worth nothing after its last day. */
  const isThere = (link: LinkId, date: string): boolean => links.includes(link) || (lastOf.get(link) ?? "") >= date;
  return days.map(([date, same]) => {
    for (const { link, value } of same) worth.set(link, value);
    return {
      date,
      figures: addFigures(same.map(({ figures }) => figures)),
      value: sumPaise([...worth].flatMap(([link, value]) => (isThere(link, date) ? [value] : []))),
    };
  });
}

function periodOf(all: readonly Snapshot[], { from, now, links }: Span): Period {
  const days = totals(all, links).filter(({ date }) => date >= from);
  const kept = all.filter(({ date }) => date >= from);
  const ranked = [...days].sort((a, b) => grossOf(b.figures) - grossOf(a.figures));
  const figures = addFigures(days.map((day) => day.figures));
  const [first, last] = [days[0], days.at(-1)];
  const accounts = new Map(all.flatMap(({ link, account }) => (account === undefined ? [] : [[link, account]])));
  // Every account by itself: what one bought, another did not sell.
  const realised = [...Map.groupBy(all, ({ link }) => accounts.get(link) ?? link).values()].map((same) =>
    realisedIn(
      same.flatMap(({ fills }) => fills),
      istInstant(from),
      now,
    ),
  );
  return {
    span: first && last ? { from: first.date, to: last.date } : null,
    figures,
    net: netOf(figures),
    best: ranked[0] ?? null,
    worst: ranked.at(-1) ?? null,
    days,
    realisedFifo: realisedOf(realised.flatMap(({ trips }) => trips)),
    uncounted: realised.flatMap(({ uncounted }) => uncounted),
    uncharged: kept.flatMap(({ uncharged = [] }) => uncharged),
    undated: kept.flatMap(({ undated = [] }) => undated),
    tradedOn: kept.flatMap(({ tradedOn = [] }) => tradedOn),
  };
}

interface Span {
  readonly from: string;
  readonly now: number;
  readonly links: readonly LinkId[] | undefined;
}

/** A trade without a time belongs to the middle of its day. */
export const fillTime = (at: number | null, date: string): number =>
  at !== null && istDate(at) === date ? at : istInstant(date, "12:00");
