import type { Exchange } from "../../../connectors/paper/exchange/types.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import { istDate, istInstant } from "../../../src/domain/market.ts";
import type { Interval } from "../../../src/domain/portfolio.ts";
import { invalid, json, refuse } from "./reply.ts";
import { depthEntry, quoteItem } from "./rows.ts";

const MAX_QUOTES = 50;
const DAY_MS = 86_400_000;
const RESOLUTIONS: Readonly<Record<string, Interval>> = {
  "1": "1m",
  "5": "5m",
  "15": "15m",
  "30": "30m",
  "60": "1h",
  D: "1d",
  "1D": "1d",
  "1W": "1w",
  "1M": "1mo",
};

/** GET /data/quotes, /data/depth and /data/history */
export function createMarketData(exchange: Exchange, find: (symbol: string) => Instrument | undefined) {
  return {
    quotes(query: URLSearchParams): Response {
      const symbols = (query.get("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
      if (symbols.length === 0 || symbols.length > MAX_QUOTES) return invalid(`Provide 1 to ${MAX_QUOTES} symbols`);
      const d = symbols.map((symbol) => {
        const instrument = find(symbol);
        if (!instrument) return { n: symbol, s: "error", v: { code: -300, errmsg: "invalid symbol" } };
        return quoteItem(instrument, exchange.quote(instrument.key));
      });
      return json(200, { s: "ok", code: 200, d });
    },

    /** Takes one symbol only, and the reply has no `code`. */
    depth(query: URLSearchParams): Response {
      const instrument = find(query.get("symbol") ?? "");
      if (!instrument) return refuse(400, -300, "Invalid symbol provided");
      const entry = depthEntry(instrument, exchange.quote(instrument.key), exchange.depth(instrument.key));
      return json(200, { s: "ok", d: { [query.get("symbol") ?? ""]: entry }, message: "" });
    },

    history(query: URLSearchParams): Response {
      const instrument = find(query.get("symbol") ?? "");
      if (!instrument) return refuse(400, -300, "Invalid symbol provided");
      const interval = RESOLUTIONS[query.get("resolution") ?? ""];
      const range = rangeOf(query);
      if (!interval || !range) return invalid("Invalid input");
      const isDaily = interval === "1d" || interval === "1w" || interval === "1mo";
      if (range.to - range.from > (isDaily ? 366 : 100) * DAY_MS) return invalid("Date range exceeds the limit");
      const candles = exchange.candles(instrument.key, interval, range.from, range.to);
      if (candles.length === 0) return json(200, { s: "no_data", candles: [] });
      return json(200, {
        s: "ok",
        candles: candles.map(({ at, open, high, low, close, volume }) => [
          // Daily bars are stamped 00:00 UTC of their date.
          (isDaily ? Date.parse(istDate(at)) : at) / 1_000,
          ...[open, high, low, close].map((each) => each / 10_000),
          volume,
        ]),
      });
    },
  };
}

function rangeOf(query: URLSearchParams): { from: number; to: number } | null {
  const [from, to] = [query.get("range_from") ?? "", query.get("range_to") ?? ""];
  if (query.get("date_format") === "0")
    return /^\d+$/.test(from) && /^\d+$/.test(to) ? { from: Number(from) * 1_000, to: Number(to) * 1_000 } : null;
  const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);
  return isDate(from) && isDate(to) ? { from: istInstant(from), to: istInstant(to) + DAY_MS - 1 } : null;
}
