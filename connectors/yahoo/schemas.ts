import { z } from "zod";

/** Epoch ms. The library converts some times to dates and leaves others as epoch seconds. */
const instant = z.union([z.date(), z.number()]).transform((at) => (typeof at === "number" ? at * 1_000 : at.getTime()));
/** Any number of a row may be missing. */
const cell = z.number().nullish();

/** The body of an error: one key, named after the endpoint. */
export const failureSchema = z
  .record(z.string(), z.object({ error: z.object({ code: z.string() }) }))
  .refine((body) => Object.keys(body).length === 1);

/** GET /v8/finance/chart/{symbol}, as the library's `chart` returns it. */
export const chartSchema = z.object({
  meta: z.object({
    symbol: z.string(),
    exchangeTimezoneName: z.string(),
    regularMarketPrice: z.number(),
    regularMarketTime: instant,
    regularMarketVolume: z.number().optional(),
  }),
  quotes: z.array(z.object({ date: z.date(), open: cell, high: cell, low: cell, close: cell, volume: cell })),
});
export type Chart = z.output<typeof chartSchema>;
export type ChartRow = Chart["quotes"][number];

/** GET /v7/finance/quote, as the library's `quote` returns it. */
export const quotesSchema = z.array(
  z.object({
    symbol: z.string(),
    regularMarketPrice: z.number().optional(),
    regularMarketTime: instant.optional(),
    regularMarketPreviousClose: z.number().optional(),
    regularMarketOpen: z.number().optional(),
    regularMarketDayHigh: z.number().optional(),
    regularMarketDayLow: z.number().optional(),
    regularMarketVolume: z.number().optional(),
  }),
);
export type QuoteRow = z.output<typeof quotesSchema>[number];
