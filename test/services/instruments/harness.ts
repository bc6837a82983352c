import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { BrokerConnector, VenueInstrument } from "../../../connectors/base.ts";
import { createPaper } from "../../../connectors/paper/index.ts";
import { brokerName, type BrokerName } from "../../../src/domain/ids.ts";
import {
  equitySymbol,
  futureSymbol,
  indexKey,
  indexSymbol,
  instrumentKey,
  optionSymbol,
  symbolPrefix,
  type IndexName,
  type Instrument,
  type OptionType,
} from "../../../src/domain/instrument.ts";
import { istDate } from "../../../src/domain/market.ts";
import { price, priceFromRupees } from "../../../src/domain/money.ts";
import { BrokerError } from "../../../src/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { Broker, Link } from "../../../src/services/accounts/accounts.ts";
import { createInstruments, type InstrumentsDeps } from "../../../src/services/instruments/instruments.ts";
import type { Instruments } from "../../../src/services/instruments/types.ts";
import { openFloor, type Floor } from "../../connectors/paper/floor.ts";

export const ZERODHA = brokerName("zerodha");
export const FYERS = brokerName("fyers");
export const PAPER = brokerName("paper");

/** Monday 10:30 in India. */
export const MONDAY = "2026-11-23T10:30:00";

/** A broker's scripted master: its rows, whether it fails, and how often it was downloaded. */
export interface Master {
  rows: readonly VenueInstrument[];
  skipped: number;
  isDown: boolean;
  /** Downloads wait until this resolves. */
  gate: Promise<void>;
  downloads: number;
}

export interface Harness {
  readonly floor: Floor;
  readonly dataDir: string;
  readonly logged: string[];
  readonly linked: BrokerName[];
  /** How often all links were scanned. */
  readonly looks: () => number;
  master(broker: BrokerName): Master;
  /** Starts a process on the same disk and brokers. */
  start(more?: Partial<Pick<InstrumentsDeps, "firstExpiry">>): Instruments;
}

export interface HarnessOptions {
  readonly brokers?: readonly BrokerName[];
  readonly hasPaper?: boolean;
}

export function openHarness(options: HarnessOptions = {}): Harness {
  const { brokers = [ZERODHA], hasPaper = false } = options;
  const floor = openFloor(MONDAY, { isAlwaysOpen: true });
  const paper = createPaper({ exchange: () => floor.exchange });
  const deps = { now: () => floor.now } as Parameters<typeof paper.create>[0];
  const masters = new Map(brokers.map((name) => [name, newMaster()]));
  const dataDir = mkdtempSync(join(tmpdir(), "sauda-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const logged: string[] = [];
  const linked: BrokerName[] = [];
  let looks = 0;
  const log = createLog({ level: "info", destination: { write: (line: string) => logged.push(line) } });
  const connected = new Map<BrokerName, Broker>();
  for (const [name, master] of masters) {
    connected.set(name, {
      definition: { ...paper, name, isPaper: false },
      connector: async () => ({ ...(await paper.create(deps)), getInstruments: masterOf(name, master) }),
    });
  }
  if (hasPaper) connected.set(PAPER, { definition: paper, connector: () => paper.create(deps) });
  return {
    floor,
    dataDir,
    logged,
    linked,
    looks: () => looks,
    master(broker) {
      const found = masters.get(broker);
      if (!found) throw new Error(`no master of ${broker}`);
      return found;
    },
    start: (more = {}) =>
      createInstruments({
        firstExpiry: istDate,
        ...more,
        brokers: connected,
        accounts: {
          allLinks() {
            looks += 1;
            return linksAt(linked);
          },
          changes: () => linked.length,
        },
        clock: { now: () => floor.now, sleep: () => Promise.resolve() },
        log,
        dataDir,
      }),
  };
}

async function* linksAt(linked: readonly BrokerName[]): AsyncIterable<Link> {
  for (const broker_name of linked) yield { broker_name, is_active: true } as Link;
}

const newMaster = (): Master => ({
  rows: SMALL_MARKET.map(venue),
  skipped: 0,
  isDown: false,
  gate: Promise.resolve(),
  downloads: 0,
});

function masterOf(broker: BrokerName, master: Master): NonNullable<BrokerConnector["getInstruments"]> {
  return async function* getInstruments({ onSkipped }) {
    master.downloads += 1;
    const rows = master.rows;
    await master.gate;
    for (let bad = 0; bad < master.skipped; bad += 1) onSkipped("bad row");
    yield* rows.slice(0, 3);
    if (master.isDown) throw new BrokerError("unavailable", "down", { broker, endpoint: "GET /master" });
    yield* rows.slice(3);
  };
}

export const venue = (instrument: Instrument): VenueInstrument => ({
  instrument,
  venueSymbol: instrument.symbol.slice(4),
  venueToken: `t${instrument.key.slice(instrument.key.indexOf(":") + 1)}`,
});

const listed = { lotSize: 1, tickSize: priceFromRupees(0.05) };
let token = 0;

export const share = (segment: "NSE" | "BSE", ticker: string, name: string, series = "EQ"): Instrument => ({
  kind: "equity",
  key: instrumentKey(segment, segment === "BSE" ? 500_000 + (token += 1) : (token += 1)),
  symbol: equitySymbol(segment, ticker, series),
  segment,
  name,
  series,
  ...listed,
});

export const index = (exchange: "NSE" | "BSE", name: IndexName, title: string): Instrument => ({
  kind: "index",
  key: indexKey(name),
  symbol: indexSymbol(exchange, name),
  segment: "INDEX",
  name: title,
  lotSize: 1,
  tickSize: price(0),
});

export const future = (segment: "NFO" | "BFO", underlying: string, expiry: string): Instrument => ({
  kind: "future",
  key: instrumentKey(segment, (token += 1)),
  symbol: futureSymbol(symbolPrefix(segment), underlying, expiry),
  segment,
  name: underlying,
  underlying,
  expiry,
  ...listed,
});

export function option(
  segment: "NFO" | "BFO",
  underlying: string,
  terms: { expiry: string; strike: number; type: OptionType; isMonthly: boolean },
): Instrument {
  const strike = priceFromRupees(terms.strike);
  const { expiry, type: optionType, isMonthly } = terms;
  return {
    kind: "option",
    key: instrumentKey(segment, (token += 1)),
    symbol: optionSymbol({ prefix: symbolPrefix(segment), underlying, expiry, strike, optionType, isMonthly }),
    segment,
    name: underlying,
    underlying,
    expiry,
    strike,
    optionType,
    ...listed,
  };
}

const MONTHLIES = ["2026-11-24", "2026-12-29", "2027-01-26"];
const EXPIRIES = [
  { expiry: "2026-11-24", isMonthly: true },
  { expiry: "2026-12-01", isMonthly: false },
  { expiry: "2026-12-08", isMonthly: false },
  { expiry: "2026-12-29", isMonthly: true },
];
const SIDES = ["CE", "PE"] as const;

/** A bit of everything: dual listings, odd series, weeklies and monthlies, an underlying listed at both exchanges. */
export const SMALL_MARKET: readonly Instrument[] = [
  share("NSE", "RELIANCE", "RELIANCE INDUSTRIES"),
  share("BSE", "RELIANCE", "RELIANCE INDUSTRIES LTD.", "A"),
  share("NSE", "SBIN", "STATE BANK OF INDIA"),
  share("BSE", "SBIN", "STATE BANK OF INDIA", "A"),
  share("NSE", "SBILIFE", "SBI LIFE INSURANCE COMPANY LTD"),
  share("NSE", "M&M", "MAHINDRA & MAHINDRA LTD"),
  share("NSE", "BAJAJ-AUTO", "BAJAJ AUTO LIMITED"),
  share("NSE", "RPOWER", "RELIANCE POWER LTD"),
  share("NSE", "BSE", "BSE LIMITED"),
  share("NSE", "TATASTEEL", "TATA STEEL LTD"),
  share("NSE", "TATAELXSI", "TATA ELXSI LIMITED"),
  share("NSE", "TATABOND", "TATA CAPITAL", "N1"),
  share("NSE", "TWIN", "TWIN HOLDINGS", "BE"),
  share("NSE", "DEBTCO", "DEBT COMPANY", "N1"),
  share("NSE", "DEBTCO", "DEBT COMPANY", "N2"),
  share("BSE", "ONLYBSE", "ONLY AT BOMBAY", "X"),
  index("NSE", "NIFTY50", "Nifty 50"),
  index("NSE", "NIFTYBANK", "Nifty Bank"),
  index("BSE", "SENSEX", "Sensex"),
  ...["NIFTY", "BANKNIFTY", "RELIANCE", "BSE"].flatMap((name) =>
    MONTHLIES.map((expiry) => future("NFO", name, expiry)),
  ),
  ...MONTHLIES.map((expiry) => future("BFO", "RELIANCE", expiry)),
  future("NFO", "SBIN", "2026-11-24"),
  ...EXPIRIES.flatMap((each) =>
    [25_900, 25_950, 26_000, 26_050].flatMap((strike) =>
      SIDES.map((type) => option("NFO", "NIFTY", { ...each, strike, type })),
    ),
  ),
  ...SIDES.map((type) => option("NFO", "NIFTY", { expiry: "2026-12-29", isMonthly: true, strike: 30_000, type })),
  ...["2026-11-24", "2026-12-29"].flatMap((expiry) =>
    SIDES.map((type) => option("NFO", "RELIANCE", { expiry, isMonthly: true, strike: 1_480, type })),
  ),
];
