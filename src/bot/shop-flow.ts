import type { LinkId, UserId } from "../domain/ids.ts";
import { istDate } from "../domain/market.ts";
import { paiseFromRupees } from "../domain/money.ts";
import { CalendarUnknown } from "../domain/calendar.ts";
import type { Intent } from "../services/orders/journal.ts";
import type { Proposal } from "../services/strategies/nifty-shop/proposals.ts";
import { parseRange, type Range } from "../services/strategies/nifty-shop/backtest-data.ts";
import {
  amountPerTrade,
  parseSetting,
  SHOP_MODES,
  timeProblem,
  type ShopSettings,
} from "../services/strategies/nifty-shop/settings.ts";
import { legBehind } from "../services/strategies/nifty-shop/shop.ts";
import { allows, requireTrader } from "./updates/access.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { withFailuresAnswered } from "./updates/failure.ts";
import type { Html } from "./html.ts";
import { showPicture, toPng } from "./picture-view.ts";
import { equityPicture } from "./pictures/equity.ts";
import { nextOf } from "./next-of.ts";
import { repeatTicket, showTicketCard } from "./orders/order-flow.ts";
import { Refusal } from "./refusal.ts";
import { backtestText } from "./render/backtest.ts";
import { shopSettingsView, shopText, statusView, timeWarning } from "./render/nifty-shop.ts";
import { proposalView } from "./render/nifty-shop-proposal.ts";
import { accountTitle } from "./render/source.ts";
import { userMoney } from "./user-money.ts";
import { send, show, type View } from "./view.ts";

const TIMES = ["14:30", "14:45", "15:00", "15:10", "15:22"];
const AMOUNTS = [10_000, 25_000, 50_000, 100_000].map((rupees) => paiseFromRupees(rupees));
const AVERAGES = [200, 300, 400, 500];
const TARGETS = [300, 500, 700, 1_000];
const MOST_BUYS = 3;

export async function showStatus(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const settings = await deps.niftyShop.settings(ctx.user._id);
  const held = await deps.niftyShop.held(ctx.user, settings.mode !== "ask");
  const account = await accountName(deps, ctx, settings);
  const money = await userMoney(deps, ctx.user);
  const warning = warningOf(deps, settings);
  await show(ctx, statusView({ settings, held, account, warning, now: deps.clock.now(), money }));
}

/** Shows the settings; with text, like "amount 30000", changes one first. */
export async function showSettings(deps: BotDeps, ctx: SaudaContext, typed = ""): Promise<void> {
  if (typed === "") {
    await settingsCard(deps, ctx, await deps.niftyShop.settings(ctx.user._id));
    return;
  }
  const parsed = parseSetting(typed);
  if (!parsed.ok) throw new Refusal(parsed.problem === "unknown" ? shopText.unknownSetting() : shopText.badSetting());
  await changeSetting(deps, ctx, parsed.change);
}

export async function changeSetting(deps: BotDeps, ctx: SaudaContext, change: Partial<ShopSettings>): Promise<void> {
  if (change.mode === "ask") requireTrader(ctx.user);
  await settingsCard(deps, ctx, await deps.niftyShop.change(ctx.user._id, change));
}

async function settingsCard(deps: BotDeps, ctx: SaudaContext, settings: ShopSettings): Promise<void> {
  const account = await accountName(deps, ctx, settings);
  await show(ctx, shopSettingsView({ settings, account, warning: warningOf(deps, settings) }));
}

/** The change for a tapped setting: its next value in our list. */
export async function nextSettings(deps: BotDeps, ctx: SaudaContext, name: string): Promise<Partial<ShopSettings>> {
  const current = await deps.niftyShop.settings(ctx.user._id);
  switch (name) {
    case "mode": {
      const modes = SHOP_MODES.filter((mode) => mode !== "ask" || allows(ctx.user.role, "trader"));
      return { mode: nextOf(modes, current.mode) };
    }
    case "time":
      return { at: nextOf(TIMES, current.at) };
    case "buys":
      return { buysPerDay: (current.buysPerDay % MOST_BUYS) + 1 };
    case "average":
      return { averageBelow: nextOf(AVERAGES, current.averageBelow) };
    case "target":
      return { target: nextOf(TARGETS, current.target) };
    case "amount":
      return { sizing: { kind: "amount", amount: nextOf(AMOUNTS, amountPerTrade(current.sizing)) } };
    case "account": {
      const links = await deps.accounts.active(ctx.user._id);
      const ids: (LinkId | null)[] = [null, ...links.map(({ _id }) => _id)];
      return { link: nextOf(ids, current.link) };
    }
    default:
      return {};
  }
}

/** A warning when the market does not trade normally at the chosen time; null in a year without a calendar. */
function warningOf(deps: BotDeps, { at }: ShopSettings): Html | null {
  try {
    return timeWarning(timeProblem(at, istDate(deps.clock.now()), deps.calendar.current()), at);
  } catch (error) {
    if (error instanceof CalendarUnknown) return null;
    throw error;
  }
}

async function accountName(deps: BotDeps, ctx: SaudaContext, settings: ShopSettings): Promise<string | null> {
  const link = await deps.niftyShop.account(ctx.user, settings);
  return link ? accountTitle(deps.accounts, link) : null;
}

/** Makes a proposal now, in addition to the daily run. */
export async function propose(deps: BotDeps, ctx: SaudaContext): Promise<void> {
  const proposal = await deps.niftyShop.propose(ctx.user);
  await send(ctx, await proposalCard(deps, ctx.user._id, proposal));
}

export async function showProposal(deps: BotDeps, ctx: SaudaContext, id: string, editing?: number): Promise<void> {
  // Reading the history updates the fills of the proposal's orders.
  await deps.niftyShop.history(ctx.user._id, 1);
  const proposal = await deps.niftyShop.proposal(ctx.user._id, id);
  if (!proposal) {
    await ctx.answerCallbackQuery({ text: shopText.gone });
    return;
  }
  await show(ctx, await proposalCard(deps, ctx.user._id, proposal, editing));
}

export async function proposalCard(
  deps: Pick<BotDeps, "accounts" | "clock">,
  user: UserId,
  proposal: Proposal,
  editing?: number,
): Promise<View> {
  const link = proposal.link === null ? null : await deps.accounts.get(user, proposal.link);
  const account = link && accountTitle(deps.accounts, link);
  const now = deps.clock.now();
  return proposalView({ proposal, account, now, ...(editing === undefined ? {} : { editing }) });
}

/** Sends an ordinary ticket for the leg, below the proposal, with its own Confirm button. */
export async function approveLeg(deps: BotDeps, ctx: SaudaContext, id: string, at: number): Promise<void> {
  const approval = await deps.niftyShop.approve(ctx.user, id, at);
  if (approval.kind === "ticket") {
    await showTicketCard(deps, ctx, approval.view, send);
    await showProposal(deps, ctx, id);
  } else await ctx.answerCallbackQuery({ text: shopText[approval.kind] });
}

/**
 * The Repeat button. An order of the strategy's that came to nothing becomes the strategy's ticket again, so that it knows
 * what it holds; any other order becomes an ordinary ticket.
 */
export async function repeatOrder(deps: BotDeps, ctx: SaudaContext, intent: Intent): Promise<void> {
  const behind = legBehind(intent);
  const approval = behind && (await deps.niftyShop.approve(ctx.user, behind.id, behind.leg));
  if (approval === null || approval.kind === "sent") await repeatTicket(deps, ctx, intent);
  else if (approval.kind === "ticket") await showTicketCard(deps, ctx, approval.view, send);
  else await ctx.answerCallbackQuery({ text: shopText[approval.kind] });
}

/**
 * Reading years of prices can take minutes: a first message says so and the result follows by itself, so that no other
 * command, such as an order, has to wait for it.
 */
export async function backtest(deps: BotDeps, ctx: SaudaContext, typed: string): Promise<void> {
  const range = parseRange(typed);
  if (!range) throw new Refusal(shopText.badRange());
  await withRangeRefused(async () => send(ctx, { html: shopText.reading(deps.backtests.sharesIn(range)) }));
  void withFailuresAnswered(ctx, deps, () => withRangeRefused(() => sendBacktest(deps, ctx, range)));
}

async function sendBacktest(deps: BotDeps, ctx: SaudaContext, range: Range): Promise<void> {
  const settings = await deps.niftyShop.settings(ctx.user._id);
  const link = await deps.niftyShop.account(ctx.user, settings);
  const result = await deps.backtests.run(link, settings, range);
  const broker = link && accountTitle(deps.accounts, link);
  await showPicture(ctx, { png: await toPng(deps, ctx, equityPicture(result)), html: backtestText(result, broker) });
}

/** A backtest throws a RangeError for a range that starts too early or has no prices. */
async function withRangeRefused(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(shopText.noRange(error.message));
    throw error;
  }
}
