import { Composer, InlineKeyboard } from "grammy";
import { callbackData, keyArgument, onCallback } from "../src/bot/callbacks.ts";
import {
  isCut,
  isInterval,
  isRange,
  parseChart,
  RANGES,
  shownFrom,
  spanOf,
  unknownPeriod,
  type ChartWords,
} from "../src/bot/chart-words.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { showPicture, toPng } from "../src/bot/picture-view.ts";
import { candlePicture } from "../src/bot/pictures/candles.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { chartCaption, chartText } from "../src/bot/render/chart.ts";
import { withLogins } from "../src/bot/render/login-buttons.ts";
import { accountTitle, isPaperAccount, sourceLabel } from "../src/bot/render/source.ts";
import { instrumentFrom, resolveOrAsk } from "../src/bot/symbols.ts";
import * as text from "../src/bot/text.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { ownMarks } from "../src/bot/orders/own-marks.ts";
import { priceLink, withPriceLogin } from "../src/bot/price-link.ts";

export const chart: CommandModule = {
  name: "chart",
  description: "Candles, averages, my trades",
  group: "Market",
  example: "/chart SBIN 6mo",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("chart", async (ctx) => {
      const words = parseChart(ctx.match);
      if (!words) throw new Refusal(text.example("/chart SBIN 6mo"));
      const period = unknownPeriod(words.symbolText);
      if (period !== null) throw new Refusal(chartText.noPeriod(period));
      const instrument = await resolveOrAsk(deps, ctx, words.symbolText, "chk", words.range, words.interval);
      if (instrument) await answer(deps, ctx, instrument, words);
    });
    onCallback(composer, "chk", async (ctx, [range = "", interval = "", key]) => {
      const instrument = await instrumentFrom(deps, key);
      if (isRange(range) && isInterval(interval)) await answer(deps, ctx, instrument, { range, interval });
    });
    return composer;
  },
};

async function answer(
  deps: BotDeps,
  ctx: SaudaContext,
  instrument: Instrument,
  words: Pick<ChartWords, "range" | "interval">,
): Promise<void> {
  const now = deps.clock.now();
  const link = await priceLink(deps, ctx.user);
  const [{ candles, source, readAt }, own] = await Promise.all([
    deps.candles.forLink(link, { instrument, interval: words.interval, ...spanOf(words, now) }),
    ownMarks(deps, ctx.user._id, instrument),
  ]);
  const broker = link && accountTitle(deps.accounts, link);
  const label = sourceLabel(source, broker);
  const shown = { instrument, interval: words.interval, candles, from: shownFrom(words, candles, now), ...own };
  const picture = candlePicture({ ...shown, source: label });
  if (!picture) throw new Refusal(chartText.empty(instrument.symbol, words.range));
  const view = {
    png: await toPng(deps, ctx, picture.svg),
    html: chartCaption({
      ...shown,
      isPaper: own.averaged.map((each) => isPaperAccount(deps.accounts, each)),
      marked: picture.marked,
      source: label,
      isCut: isCut(words) && candles.some(({ at }) => at < shown.from),
      isLate: source === "yfinance",
      readAt,
      calendar: deps.calendar.current(),
      now,
    }),
    keyboard: withLogins(rangeKeyboard(instrument, words.range), own.parts),
  };
  await showPicture(ctx, await withPriceLogin(deps, ctx.user, view));
}

function rangeKeyboard(instrument: Instrument, current: string): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  Object.entries(RANGES).forEach(([name, { interval }], at) => {
    const label = name === current ? `· ${name} ·` : name;
    keyboard.text(label, callbackData("chk", name, interval, keyArgument(instrument.key)));
    if (at % 4 === 3) keyboard.row();
  });
  return keyboard;
}
