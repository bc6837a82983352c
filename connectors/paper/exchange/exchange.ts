import type { InstrumentKey } from "../../../src/domain/ids.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate } from "../../../src/domain/market.ts";
import type { Quote } from "../../../src/domain/portfolio.ts";
import { createAccount, openState } from "./account.ts";
import type { World } from "./book.ts";
import { createCalendar, type DaySession } from "./calendar.ts";
import { candlesOf } from "./candles.ts";
import { createLiquidity } from "./depth.ts";
import { createMarket } from "./market.ts";
import type { Progress } from "./rollover.ts";
import { advanceTo, heldKeys, valuedKeys } from "./rollover.ts";
import { liveOrders, readSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Exchange, ExchangeAccount, ExchangeSnapshot } from "./types.ts";
import { createUniverse } from "./universe.ts";
import { createWalks } from "./walk.ts";

export interface ExchangeOptions {
  readonly seed: number;
  /** Epoch ms. */
  readonly now: () => number;
  readonly snapshot?: ExchangeSnapshot;
  /** True (the default): trades round the clock, every day. False: only in market hours on trading days. */
  readonly isAlwaysOpen?: boolean;
  /** The trading days and hours to keep when not always open, instead of the exchange's own. */
  readonly sessionOn?: (date: string) => DaySession;
  /**
   * Real prices for fills, quotes and values, instead of the seeded ones; candles stay seeded. Undefined: not asked for
   * yet. Null: the source has none now, so the last one is used, which the snapshot keeps.
   */
  readonly priceSource?: (key: InstrumentKey) => Quote | null | undefined;
  /** How long an order is in transit (`pending`) before it reaches the book. Default 0. */
  readonly orderLatencyMs?: number;
  /** Called when an order was placed, modified, ended or filled, so that earlier snapshots are out of date. */
  readonly onChange?: () => void;
}

/** A simulated exchange. The same seed, clock and calls give the same fills; reads in between do not affect them. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { seed, now, snapshot, isAlwaysOpen = true, priceSource, orderLatencyMs = 0 } = options;
  const { onChange = () => undefined } = options;
  const calendar = createCalendar(isAlwaysOpen, options.sessionOn);
  const walks = createWalks(seed, calendar);
  const universe = createUniverse(walks);
  const restored = snapshot && readSnapshot(snapshot);
  const kept = new Map(restored?.prices.map((quote) => [quote.key, quote]));
  const realPrice = (key: InstrumentKey): Quote | undefined => {
    const quote = priceSource?.(key);
    return quote === null ? kept.get(key) : quote;
  };
  const market = createMarket({ seed, calendar, walks, universe, priceSource: priceSource && realPrice });
  const start = now();
  const progress: Progress = restored?.progress ?? { playedUntil: start, turnedAt: start };
  const world: World = {
    calendar,
    walks,
    universe,
    market,
    liquidity: createLiquidity(market),
    accounts: new Map(restored?.accounts.map((account) => [account.id, account])),
    live: new Set(restored && liveOrders(restored.accounts)),
    counters: restored?.counters ?? { order: 0, trade: 0 },
  };
  const facades = new Map<string, ExchangeAccount>();
  let listedOn = istDate(progress.playedUntil);
  universe.relist(listedOn, restored?.contracts ?? []);

  function arriveNow(): number {
    // If the clock was set back, the exchange stays at the last instant it has played.
    const at = Math.max(now(), progress.playedUntil);
    if (at === progress.playedUntil || unpriced().length > 0) return progress.playedUntil;
    const [{ trade }, live] = [world.counters, world.live.size];
    advanceTo(world, progress, at);
    if (world.counters.trade !== trade || world.live.size !== live) onChange();
    const today = istDate(at);
    if (today !== listedOn) {
      listedOn = today;
      const held = [...heldKeys(world)].flatMap((key) => universe.find(key) ?? []);
      universe.relist(today, held);
    }
    return at;
  }

  /** Once all instruments in use have a price it stays true, because orders for unpriced ones are refused. */
  let isPriced = !market.hasSource;
  function unpriced(): Instrument[] {
    if (isPriced) return [];
    const lacking = [...valuedKeys(world)].filter((key) => market.sourced(key) === undefined);
    isPriced = lacking.length === 0;
    return lacking.flatMap((key) => universe.find(key) ?? []);
  }

  let cached: { readonly version: string; readonly instruments: readonly Instrument[] } | null = null;
  /** Visits all accounts, so recomputed only after new orders, trades or accounts. Extra instruments do no harm. */
  function valued(): readonly Instrument[] {
    const { order, trade } = world.counters;
    const version = `${order} ${trade} ${world.accounts.size}`;
    if (cached?.version !== version)
      cached = { version, instruments: [...valuedKeys(world)].flatMap((key) => universe.find(key) ?? []) };
    return cached.instruments;
  }

  function listed(key: InstrumentKey): Instrument {
    const instrument = universe.find(key);
    if (!instrument) throw new RangeError(`unknown instrument: ${key}`);
    return instrument;
  }

  return {
    now,
    get instruments() {
      arriveNow();
      return universe.list;
    },
    find(key) {
      arriveNow();
      return universe.find(key);
    },
    quote(key) {
      const at = arriveNow();
      return market.quote(listed(key), at);
    },
    depth(key) {
      const at = arriveNow();
      const instrument = listed(key);
      return world.liquidity.depth(instrument, market.quote(instrument, at), at);
    },
    candles(key, interval, from, to) {
      const at = arriveNow();
      return candlesOf({ calendar, walks, universe, market }, listed(key), { interval, from, to, now: at });
    },
    account(id, opening) {
      const at = arriveNow();
      let facade = facades.get(id);
      if (!facade) {
        const state = world.accounts.get(id) ?? openState(world, id, opening, istDate(at));
        world.accounts.set(id, state);
        facade = createAccount({ world, state, arriveNow, latencyMs: orderLatencyMs, onChange });
        facades.set(id, facade);
      }
      return facade;
    },
    forget(id) {
      for (const order of world.live) if (order.accountId === id) world.live.delete(order);
      facades.delete(id);
      if (world.accounts.delete(id)) onChange();
    },
    valued,
    unpriced,
    advance() {
      arriveNow();
    },
    snapshot() {
      arriveNow();
      const prices = [...valuedKeys(world)].flatMap((key) => market.sourced(key) ?? kept.get(key) ?? []);
      return takeSnapshot(world, progress, prices);
    },
  };
}
