import { isCarried } from "../../domain/day.ts";
import type { InstrumentKey, TradingSymbol, UserId } from "../../domain/ids.ts";
import { isDerivative, type Instrument } from "../../domain/instrument.ts";
import { addDays } from "../../domain/market.ts";
import type { Funds, Holding, Position } from "../../domain/portfolio.ts";
import type { Accounts, Link, LinkResult } from "../accounts/accounts.ts";
import type { Alerts } from "../alerts/alerts.ts";
import type { DayTotal, Snapshots } from "../portfolio/snapshots.ts";

interface AccountMorning {
  readonly funds: Funds;
  readonly holdings: readonly Holding[];
  readonly positions: readonly Position[];
}

export interface Morning {
  readonly parts: readonly LinkResult<AccountMorning>[];
  /** The latest day with a snapshot before this one. */
  readonly before: DayTotal | null;
  /** Whether an account was not read on that day, so that its figures are missing. */
  readonly isBeforePartial: boolean;
  readonly carried: number;
  readonly expiring: readonly TradingSymbol[];
  readonly alerts: number;
}

export interface Mornings {
  of(user: UserId, date: string): Promise<Morning>;
}

export interface MorningsDeps {
  readonly accounts: Accounts;
  readonly alerts: Pick<Alerts, "armed">;
  readonly snapshots: Snapshots;
  readonly instruments: { byKey(key: InstrumentKey): Promise<Instrument | undefined> };
}

/** What a user starts the trading day with, for the morning summary. */
export function createMornings(deps: MorningsDeps): Mornings {
  const { accounts, snapshots } = deps;

  async function expiresOn({ key }: Position, date: string): Promise<boolean> {
    const instrument = key ? await deps.instruments.byKey(key) : undefined;
    return instrument !== undefined && isDerivative(instrument) && instrument.expiry === date;
  }

  async function isPartial(user: UserId, { date }: DayTotal, links: readonly Link[]): Promise<boolean> {
    const span = { from: date, before: addDays(date, 1) };
    return (await snapshots.period(user, span, links)).missed > 0;
  }

  return {
    async of(user, date) {
      const links = await accounts.active(user);
      const [parts, days, alerts] = await Promise.all([
        accounts.callEach(links, async (connector, access) => {
          const [funds, holdings, positions] = await Promise.all([
            connector.getFunds(access),
            connector.getHoldings(access),
            connector.getPositions(access),
          ]);
          return { funds, holdings, positions };
        }),
        snapshots.latestDays(user, 2),
        deps.alerts.armed(user),
      ]);
      const before = days.findLast((day) => day.date < date) ?? null;
      const open = parts
        .flatMap((part) => (part.ok ? part.value.positions : []))
        .filter(({ side }) => side !== "CLOSED");
      const isExpiring = await Promise.all(open.map((position) => expiresOn(position, date)));
      return {
        parts,
        before,
        isBeforePartial: before !== null && (await isPartial(user, before, links)),
        carried: open.filter(isCarried).length,
        expiring: [...new Set(open.filter((_, at) => isExpiring[at]).map(({ symbol }) => symbol))],
        alerts: alerts.length,
      };
    },
  };
}
