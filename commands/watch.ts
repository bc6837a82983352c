import { Composer } from "grammy";
import { keyFromArgument, onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { priceLink, withPriceLogin } from "../src/bot/price-link.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { accountTitle } from "../src/bot/render/source.ts";
import { watchEditView, watchText, watchView } from "../src/bot/render/watch.ts";
import { instrumentFrom, resolveOrAsk } from "../src/bot/symbols.ts";
import { show } from "../src/bot/view.ts";
import { isExpired, type Instrument } from "../src/domain/instrument.ts";
import { istDate } from "../src/domain/market.ts";
import { MAX_WATCHED } from "../src/services/quotes/watchlist.ts";

export const watch: CommandModule = {
  name: "watch",
  description: "Your watchlist",
  group: "Market",
  example: "/watch SBIN INFY",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("watch", async (ctx) => {
      const [, sign = "", wanted = ""] = /^([+−-]?)\s*(.*)$/s.exec(ctx.match.trim()) ?? [];
      if (wanted === "") await showList(deps, ctx, 0);
      else await (sign === "-" || sign === "−" ? removeNamed : addNamed)(deps, ctx, wanted);
    });
    onCallback(composer, "wat", (ctx, [page]) => showList(deps, ctx, Number(page)));
    onCallback(composer, "waa", async (ctx, [key]) => {
      const instrument = await instrumentFrom(deps, key);
      await add(deps, ctx, [instrument]);
      await showList(deps, ctx, Infinity);
    });
    onCallback(composer, "war", async (ctx, [key]) => {
      const instrument = await instrumentFrom(deps, key);
      await remove(deps, ctx, instrument);
    });
    onCallback(composer, "wae", async (ctx, [page]) => {
      await show(ctx, watchEditView(await deps.watchlist.of(ctx.user._id), Number(page)));
    });
    onCallback(composer, "wax", async (ctx, [key = "", page]) => {
      await deps.watchlist.remove(ctx.user._id, keyFromArgument(key));
      await show(ctx, watchEditView(await deps.watchlist.of(ctx.user._id), Number(page)));
    });
    return composer;
  },
};

/** An unknown name adds none. A name of several instruments is asked about, and only it waits for the answer. */
async function addNamed(deps: BotDeps, ctx: SaudaContext, wanted: string): Promise<void> {
  const { known, unclear } = await severalIn(deps, wanted);
  const last = unclear === "" ? null : await resolveOrAsk(deps, ctx, unclear, "waa");
  await add(deps, ctx, last ? [...known, last] : known);
  if (last || unclear === "") await showList(deps, ctx, Infinity);
}

async function removeNamed(deps: BotDeps, ctx: SaudaContext, wanted: string): Promise<void> {
  const instrument = await resolveOrAsk(deps, ctx, wanted, "war");
  if (instrument) await remove(deps, ctx, instrument);
}

/** What a text names, and its words that name none or several. */
interface Named {
  readonly known: readonly Instrument[];
  readonly unclear: string;
}

/** Reads `nifty dec fut, SBIN INFY`. */
async function severalIn(deps: BotDeps, wanted: string): Promise<Named> {
  const parts = wanted.split(",").filter((part) => part.trim() !== "");
  const named = await Promise.all(parts.map((part) => namedIn(deps, part.trim())));
  const unclear = named.flatMap((each) => each.unclear || []).join(", ");
  return { known: named.flatMap(({ known }) => known), unclear };
}

/** Reads `SBIN INFY`. All is unclear if it may be one name. */
async function namedIn(deps: BotDeps, wanted: string): Promise<Named> {
  const words = wanted.split(/\s+/);
  const whole = await deps.instruments.resolve(wanted);
  if (whole.kind === "one") return { known: [whole.instrument], unclear: "" };
  if (words.length < 2 || whole.kind !== "none") return { known: [], unclear: wanted };
  const found = await Promise.all(words.map((word) => deps.instruments.resolve(word)));
  const known = found.flatMap((each) => (each.kind === "one" ? [each.instrument] : []));
  const unclear = words.filter((_, at) => found[at]?.kind !== "one").join(" ");
  return unclear !== "" && whole.suggestions.length > 0 ? { known: [], unclear: wanted } : { known, unclear };
}

async function add(deps: BotDeps, ctx: SaudaContext, instruments: readonly Instrument[]): Promise<void> {
  for (const instrument of instruments) {
    if (!(await deps.watchlist.add(ctx.user._id, instrument))) throw new Refusal(watchText.full(MAX_WATCHED));
  }
}

async function remove(deps: BotDeps, ctx: SaudaContext, instrument: Instrument): Promise<void> {
  await deps.watchlist.remove(ctx.user._id, instrument.key);
  await showList(deps, ctx, 0);
}

async function showList(deps: BotDeps, ctx: SaudaContext, page: number): Promise<void> {
  const instruments = await deps.watchlist.of(ctx.user._id);
  if (instruments.length === 0) throw new Refusal(watchText.empty());
  const link = await priceLink(deps, ctx.user);
  const now = deps.clock.now();
  const living = instruments.filter((instrument) => !isExpired(instrument, istDate(now)));
  const quotes = await deps.quotes.many(link, living);
  const broker = link && accountTitle(deps.accounts, link);
  const last = Number.isFinite(page) ? page : instruments.length;
  await show(ctx, await withPriceLogin(deps, ctx.user, watchView({ instruments, quotes, broker, now, page: last })));
}
