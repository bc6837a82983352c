import { addFigures, grossOf, netOf, type DayFigures } from "../../domain/day.ts";
import { realisedIn, realisedOf, type Fill, type Uncounted } from "../../domain/fifo.ts";
import type { BrokerName, LinkId, TradingSymbol, UserId } from "../../domain/ids.ts";
import { istDate, istInstant } from "../../domain/market.ts";
import { sumPaise, type Paise } from "../../domain/money.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store, Stored } from "../../ports/store.ts";
import { accountBehind, brokerBehind, type Link } from "../accounts/accounts.ts";
import { changeDocument } from "../change-document.ts";

/** One account's day as of its last read. */
export interface Snapshot {
  readonly userId: UserId;
  readonly link: LinkId;
  /** Broker account behind the link (`accountBehind`). The same if the account is removed and linked again. */
  readonly account?: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly figures: DayFigures;
  /** Estimate of what the account is worth. */
  readonly value: Paise;
  /** Positions that are carried into the next day. */
  readonly carried: number;
  readonly fills: readonly Fill[];
  /** Traded symbols whose charges are missing from the figures. */
  readonly uncharged?: readonly TradingSymbol[];
  /** Symbols left out of the day's figures, because their previous close was unknown. */
  readonly undated?: readonly TradingSymbol[];
  /** Shares sold that day with a split or bonus since their purchase. */
  readonly rebased?: readonly TradingSymbol[];
  /** Symbols closed that day of which earlier trades are not recorded. */
  readonly unrecorded?: readonly TradingSymbol[];
  /** Symbols open in a market that trades into the evening: what they make after the snapshot is in no figures. */
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
  encrypted: ["fills", "uncharged", "undated", "rebased", "unrecorded", "tradedOn"],
  durability: "normal",
};

const idOf = (link: LinkId, date: string): string => `${link}:${date}`;

/** All accounts together on one day. */
export interface DayTotal {
  readonly date: string;
  readonly figures: DayFigures;
  /** An account without a snapshot on this day counts with its last known value. */
  readonly value: Paise;
}

export interface Period {
  /** First and last day with a snapshot; null when there is none. */
  readonly span: { readonly from: string; readonly to: string } | null;
  readonly figures: DayFigures;
  readonly net: Paise;
  readonly best: DayTotal | null;
  readonly worst: DayTotal | null;
  readonly days: readonly DayTotal[];
  /** Of the accounts that have a snapshot in it. */
  readonly brokers: readonly BrokerName[];
  /** Number of these days on which an account was not read, so that its figures are missing. */
  readonly missed: number;
  /** Realised P&L of trades closed in the period, first in, first out over all known trades; before charges. */
  readonly realisedFifo: Paise;
  /** What `realisedFifo` leaves out. */
  readonly uncounted: readonly Uncounted[];
  /** Symbols whose charges are missing on some day. */
  readonly uncharged: readonly TradingSymbol[];
  /** Symbols left out of the figures on some day. */
  readonly undated: readonly TradingSymbol[];
  /** Symbols whose trading after the snapshot (evening sessions) is missing on some day. */
  readonly tradedOn: readonly TradingSymbol[];
}

/** Dates YYYY-MM-DD; up to today without `before`. */
export interface DateSpan {
  readonly from: string;
  readonly before?: string | undefined;
}

type ExistingLink = Pick<Link, "_id" | "created_at" | "broker_name" | "account_id">;

export interface Snapshots {
  /** Stores an account's day, replacing an earlier snapshot of the same day. */
  keep(snapshot: Snapshot): Promise<void>;
  /** The latest `count` days over all accounts, oldest first. `links`: the accounts that still exist. */
  latestDays(user: UserId, count: number, links?: readonly LinkId[]): Promise<DayTotal[]>;
  /** All days from a date on, or up to the day before another one. `links`: the accounts that still exist. */
  period(user: UserId, span: DateSpan, links?: readonly ExistingLink[]): Promise<Period>;
  /** All fills of the account up to the snapshot's own, which need not be stored yet. */
  fillsUpTo(snapshot: Snapshot): Promise<Fill[]>;
  /** The link's last snapshot before the date. */
  lastBefore(link: LinkId, date: string): Promise<Snapshot | null>;
  /** Epoch ms at which the link's snapshot of the date was taken. */
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
      return totals(withoutDuplicates(all), links).filter(({ date }) => date >= from);
    },
    async period(user, { from, before }, links = []) {
      const all = withoutDuplicates(await snapshots.find("user", [user]));
      const now = deps.clock.now();
      if (before === undefined) return periodOf(all, { from, to: now, links });
      const to = Math.min(now, istInstant(before));
      return periodOf(
        all.filter(({ date }) => date < before),
        { from, to, links },
      );
    },
    async fillsUpTo(snapshot) {
      const all = withoutDuplicates(await snapshots.find("user", [snapshot.userId]));
      const earlier = all.filter(
        (other) => other.date < snapshot.date && (other.account ?? other.link) === (snapshot.account ?? snapshot.link),
      );
      return [...earlier, snapshot].flatMap(({ fills }) => fills);
    },
    lastBefore: (link, date) => lastOf(link, date, 4),
    takenAt: async (link, date) => (await snapshots.get(idOf(link, date)))?.takenAt ?? null,
  };

  /** The link's last snapshot before the date, provided that at most `later` snapshots are not before it. */
  async function lastOf(link: LinkId, date: string, later: number): Promise<Stored<SnapshotDocument> | null> {
    const latest = await snapshots.find("link", [link], { order: "desc", limit: later + 1 });
    return latest.find((snapshot) => snapshot.date < date) ?? null;
  }

  /** A user's snapshots, newest first, in growing pages. The first page holds thirty days of four accounts. */
  async function* newestFirst(user: UserId): AsyncGenerator<Stored<SnapshotDocument>> {
    for (let limit = 120, seen = 0; ; limit *= 4) {
      const page = await snapshots.find("user", [user], { order: "desc", limit });
      yield* page.slice(seen);
      if (page.length < limit) return;
      seen = page.length;
    }
  }
}

/** An account that was linked again after the day's snapshot has two for that day: keeps the later one. */
function withoutDuplicates(all: readonly SnapshotDocument[]): readonly SnapshotDocument[] {
  const accountDayOf = ({ date, account, link }: Snapshot): string => `${date} ${account ?? link}`;
  const latest = new Map(
    [...all].sort((a, b) => a.takenAt - b.takenAt).map((snapshot) => [accountDayOf(snapshot), snapshot]),
  );
  return all.filter((snapshot) => latest.get(accountDayOf(snapshot)) === snapshot);
}

function totals(snapshots: readonly Snapshot[], links: readonly LinkId[] = []): DayTotal[] {
  const days = [...Map.groupBy(snapshots, ({ date }) => date)].sort(([a], [b]) => (a < b ? -1 : 1));
  const lastOf = new Map(days.flatMap(([date, snapshotsOfDay]) => snapshotsOfDay.map(({ link }) => [link, date])));
  const worth = new Map<LinkId, Paise>();
  /** A removed link counts until its last snapshot. */
  const isThere = (link: LinkId, date: string): boolean => links.includes(link) || (lastOf.get(link) ?? "") >= date;
  return days.map(([date, snapshotsOfDay]) => {
    for (const { link, value } of snapshotsOfDay) worth.set(link, value);
    return {
      date,
      figures: addFigures(snapshotsOfDay.map(({ figures }) => figures)),
      value: sumPaise([...worth].flatMap(([link, value]) => (isThere(link, date) ? [value] : []))),
    };
  });
}

function periodOf(all: readonly Snapshot[], { from, to, links }: PeriodQuery): Period {
  const days = totals(
    all,
    links.map(({ _id }) => _id),
  ).filter(({ date }) => date >= from);
  const inPeriod = all.filter(({ date }) => date >= from);
  const ranked = [...days].sort((a, b) => grossOf(b.figures) - grossOf(a.figures));
  const figures = addFigures(days.map((day) => day.figures));
  const [first, last] = [days[0], days.at(-1)];
  const accounts = new Map(all.flatMap(({ link, account }) => (account === undefined ? [] : [[link, account]])));
  // FIFO per account: one account cannot sell what another has bought.
  const perAccount = [...Map.groupBy(all, ({ link }) => accounts.get(link) ?? link).values()];
  const neverRead = links.filter((link) => !all.some((snapshot) => isOf(snapshot, link)));
  const realised = perAccount.map((ofAccount) =>
    realisedIn(
      ofAccount.flatMap(({ fills }) => fills),
      {
        from: istInstant(from),
        to,
        rebased: new Set(ofAccount.flatMap(({ date, rebased = [] }) => (date >= from ? rebased : []))),
        unrecorded: new Set(ofAccount.flatMap(({ date, unrecorded = [] }) => (date >= from ? unrecorded : []))),
      },
    ),
  );
  return {
    span: first && last ? { from: first.date, to: last.date } : null,
    figures,
    net: netOf(figures),
    best: ranked[0] ?? null,
    worst: ranked.at(-1) ?? null,
    days,
    brokers: [...new Set(inPeriod.flatMap(({ account }) => (account === undefined ? [] : [brokerBehind(account)])))],
    missed: new Set([
      ...perAccount.flatMap((ofAccount) => missedDays(days, ofAccount, linksOf(ofAccount, links))),
      ...neverRead.flatMap((link) => missedDays(days, [], [link])),
    ]).size,
    realisedFifo: realisedOf(realised.flatMap(({ trips }) => trips)),
    uncounted: realised.flatMap(({ uncounted }) => uncounted),
    uncharged: inPeriod.flatMap(({ uncharged = [] }) => uncharged),
    undated: inPeriod.flatMap(({ undated = [] }) => undated),
    tradedOn: inPeriod.flatMap(({ tradedOn = [] }) => tradedOn),
  };
}

const isOf = ({ link, account }: Snapshot, of: ExistingLink): boolean =>
  link === of._id || (account !== undefined && account === accountBehind(of));

const linksOf = (ofAccount: readonly Snapshot[], links: readonly ExistingLink[]): ExistingLink[] =>
  links.filter((link) => ofAccount.some((snapshot) => isOf(snapshot, link)));

/** Days without a snapshot of the account since it was linked; up to its last one, if it has been removed since. */
function missedDays(
  days: readonly DayTotal[],
  ofAccount: readonly Snapshot[],
  links: readonly ExistingLink[],
): string[] {
  const kept = ofAccount.map(({ date }) => date).sort();
  const [since = ""] = [...kept, ...links.map(({ created_at }) => istDate(created_at))].sort();
  const until = links.length > 0 ? null : (kept.at(-1) ?? "");
  return days
    .map(({ date }) => date)
    .filter((date) => date >= since && (until === null || date < until) && !kept.includes(date));
}

interface PeriodQuery {
  readonly from: string;
  /** Epoch ms. */
  readonly to: number;
  readonly links: readonly ExistingLink[];
}

/** Trades without a time of that day are placed at noon. */
export const fillTime = (at: number | null, date: string): number =>
  at !== null && istDate(at) === date ? at : istInstant(date, "12:00");
