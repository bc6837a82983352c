import type { DataSource } from "../../connectors/base.ts";
import { allows } from "../bot/updates/access.ts";
import type { BotDeps } from "../bot/commands.ts";
import { alertNotification } from "../bot/render/alerts.ts";
import { hasOpened, sessionAt } from "../domain/calendar.ts";
import { createPictures } from "../lib/chart/png.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Store } from "../ports/store.ts";
import type { OrderHours } from "./order-hours.ts";
import { createAlerts } from "../services/alerts/alerts.ts";
import type { Closes } from "../services/portfolio/closes.ts";
import { deliveryFor } from "../services/digests/delivery.ts";
import { createCandles } from "../services/quotes/candles.ts";
import { createBacktests } from "../services/strategies/nifty-shop/backtests.ts";
import { loadNifty50 } from "../services/strategies/nifty-shop/constituents.ts";
import { createNiftyShop } from "../services/strategies/nifty-shop/shop.ts";
import { createWatchlist } from "../services/quotes/watchlist.ts";

type MarketServices = Pick<BotDeps, "candles" | "alerts" | "watchlist" | "niftyShop" | "backtests" | "pictures">;

export interface MarketServicesOptions extends Pick<
  BotDeps,
  "users" | "accounts" | "instruments" | "quotes" | "journal" | "tickets" | "desk" | "calendar"
> {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly yahoo: DataSource;
  readonly closes: Closes;
  readonly notifier: Notifier;
  readonly phaseOf: OrderHours["phaseOf"];
  /** The playground's exchange never closes. */
  readonly isAlwaysOpen: boolean;
}

/** The services built on prices: candles, alerts, watchlist, the strategy and its backtest, and pictures. */
export function createMarketServices(options: MarketServicesOptions): MarketServices {
  const { calendar, clock, notifier } = options;
  const candles = createCandles(options);
  const constituents = loadNifty50();
  return {
    candles,
    pictures: createPictures(),
    watchlist: createWatchlist(options),
    alerts: createAlerts({
      ...options,
      onFire: async (alert, by) => {
        const user = await options.users.get(alert.userId);
        const delivery = user && deliveryFor(user.settings, "alerts");
        if (!delivery) return;
        const { hidesAmounts } = user.settings;
        const mayTrade = allows(user.role, "trader");
        const { accounts } = options;
        const reader = { accounts, now: clock.now(), calendar: calendar.current(), hidesAmounts, mayTrade };
        await notifier.post({ ...alertNotification(alert, by, reader), ...delivery });
      },
      // An unknown calendar counts as open, so that no alert is missed.
      isMarketOpen: (at) => options.isAlwaysOpen || sessionAt("NFO", at, calendar.current()).kind !== "closed",
    }),
    niftyShop: createNiftyShop({
      ...options,
      candles,
      constituents,
      hasOpened: (at) => options.isAlwaysOpen || hasOpened(at, calendar.current()),
    }),
    backtests: createBacktests({ ...options, candles, constituents }),
  };
}
