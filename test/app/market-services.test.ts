import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMarketServices, type MarketServicesOptions } from "../../src/app/market-services.ts";
import { userId } from "../../src/domain/ids.ts";
import { istInstant } from "../../src/domain/market.ts";
import { priceFromRupees } from "../../src/domain/money.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Notification } from "../../src/ports/notifier.ts";
import { loadCalendar } from "../../src/services/calendar.ts";
import { createQuotes } from "../../src/services/quotes/quotes.ts";
import type { Delivery } from "../../src/services/people/users.ts";
import { openMarketHarness, type MarketHarness } from "../services/market-harness.ts";
import { asGiven } from "../services/stub-broker.ts";

const ASHA = userId(1);

describe("the alerts of the running bot", () => {
  let harness: MarketHarness;
  let posted: Notification[];
  beforeEach(async () => {
    harness = await openMarketHarness();
    posted = [];
    await harness.link(ASHA);
  });
  afterEach(() => harness.close());

  /** Alerts with one armed that is met by now, in a market that closes or never does. */
  async function armed(isAlwaysOpen: boolean) {
    const calendar = loadCalendar(null);
    const options = {
      ...harness,
      quotes: createQuotes(harness),
      closes: asGiven,
      calendar: { current: () => calendar },
      notifier: { post: async (notification: Notification) => void posted.push(notification) },
      log: createLog({ level: "silent" }),
      isAlwaysOpen,
    };
    const { alerts } = createMarketServices(options as unknown as MarketServicesOptions);
    const condition = { kind: "above", price: priceFromRupees(105) } as const;
    await alerts.add({ userId: ASHA, instrument: harness.instrument("SBIN-EQ"), condition, order: null });
    Object.assign(harness.prices, { broker: 110, yahoo: 110 });
    return alerts;
  }
  const goTo = (date: string, time: string): void => harness.pass(istInstant(date, time) - harness.clock.now());
  const set = (alerts: Delivery) =>
    harness.users.update(ASHA, ({ settings }) => ({ settings: { ...settings, alerts } }));

  it("are checked while the exchanges trade, until futures and options close at 15:40", async () => {
    const alerts = await armed(false);
    goTo("2026-11-23", "15:40");
    expect(await alerts.sweep()).toBe(0);
    goTo("2026-11-24", "11:00");
    expect(await alerts.sweep()).toBe(0);
    goTo("2026-11-25", "15:39");
    expect(await alerts.sweep()).toBe(1);
  });

  it("are checked at any time where the exchange never closes", async () => {
    const alerts = await armed(true);
    goTo("2026-11-23", "23:00");
    expect(await alerts.sweep()).toBe(1);
  });

  it.each([
    ["on", [false]],
    ["silent", [true]],
    ["off", []],
  ] as const)("are told as the user has set it (%s)", async (delivery, silent) => {
    await set(delivery);
    const alerts = await armed(false);
    harness.pass(2_000);
    expect(await alerts.sweep()).toBe(1);
    expect(posted.map((notification) => notification.silent)).toEqual(silent);
  });

  it.each([
    ["trader", ["Buy", "Sell", "Quote"]],
    ["viewer", ["Quote"]],
  ] as const)("offer what their user may do (%s)", async (role, offered) => {
    await harness.users.update(ASHA, () => ({ role }));
    const alerts = await armed(false);
    harness.pass(2_000);
    await alerts.sweep();
    expect(posted.map(({ buttons = [] }) => buttons.flat().map((button) => button.text))).toEqual([offered]);
  });
});
