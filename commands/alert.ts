import { Composer, InlineKeyboard } from "grammy";
import { requireTrader } from "../src/bot/updates/access.ts";
import { onCallback } from "../src/bot/callbacks.ts";
import type { BotDeps, CommandModule } from "../src/bot/commands.ts";
import type { SaudaContext } from "../src/bot/context.ts";
import { accountsFor, showTicket } from "../src/bot/orders/order-flow.ts";
import { lines } from "../src/bot/html.ts";
import { withPriceLogin } from "../src/bot/price-link.ts";
import { Refusal } from "../src/bot/refusal.ts";
import { alertsView, alertText, conditionText, firedText, sourceOf } from "../src/bot/render/alerts.ts";
import { rupeePrice } from "../src/bot/render/amounts.ts";
import { addLogins } from "../src/bot/render/login-buttons.ts";
import { fitsChoiceButton, instrumentFrom, resolveOrAsk } from "../src/bot/symbols.ts";
import { send, show, type View } from "../src/bot/view.ts";
import type { Instrument } from "../src/domain/instrument.ts";
import { parseOrderText } from "../src/domain/order-text.ts";
import { parseAlert, type AlertOrder, type AlertWords } from "../src/services/alerts/condition.ts";
import type { User } from "../src/services/people/users.ts";

export const alert: CommandModule = {
  name: "alert",
  description: "Tell me when a price or P&L is reached",
  group: "Market",
  example: "/alert SBIN > 1100",
  role: "viewer",
  register(deps) {
    const composer = new Composer<SaudaContext>();
    composer.command("alert", async (ctx) => {
      const typed = ctx.match.trim();
      if (typed === "") await showAll(deps, ctx);
      else await arm(deps, ctx, typed);
    });
    onCallback(composer, "all", (ctx, [page]) => showAll(deps, ctx, Number(page)));
    onCallback(composer, "alk", async (ctx, [rest = "", key]) => {
      const words = parseAlert(`X ${rest}`);
      const instrument = await instrumentFrom(deps, key);
      if (words) await add(deps, ctx, words, instrument);
    });
    onCallback(composer, "alx", async (ctx, [id = "", page]) => {
      const isRemoved = await deps.alerts.remove(ctx.user._id, id);
      await ctx.answerCallbackQuery({ text: isRemoved ? alertText.removed : alertText.gone });
      await showAll(deps, ctx, Number(page));
    });
    onCallback(composer, "alo", (ctx, [id = ""]) => order(deps, ctx, id));
    return composer;
  },
};

async function showAll(deps: BotDeps, ctx: SaudaContext, page = 0): Promise<void> {
  const armed = await deps.alerts.armed(ctx.user._id);
  await show(ctx, alertsView(armed, { page, settings: ctx.user.settings, now: deps.clock.now() }));
}

async function arm(deps: BotDeps, ctx: SaudaContext, typed: string): Promise<void> {
  const words = parseAlert(typed);
  if (!words) throw new Refusal(alertText.example());
  if (words.symbolText === null) {
    await add(deps, ctx, words, null);
    return;
  }
  const rest = typed.slice(words.symbolText.length).trim();
  const found = await deps.instruments.resolve(words.symbolText);
  if (found.kind !== "one" && !fitsChoiceButton(rest)) throw new Refusal(alertText.tooLong());
  const instrument = await resolveOrAsk(deps, ctx, words.symbolText, "alk", rest);
  if (instrument) await add(deps, ctx, words, instrument);
}

async function add(deps: BotDeps, ctx: SaudaContext, words: AlertWords, instrument: Instrument | null): Promise<void> {
  const { condition, order } = words;
  if (order) await checkOrder(deps, ctx, order);
  const result = await deps.alerts.add({ userId: ctx.user._id, instrument, condition, order });
  const { accounts } = deps;
  const now = deps.clock.now();
  switch (result.kind) {
    case "too-many":
      throw new Refusal(alertText.tooMany(result.most));
    case "met-already":
      throw new Refusal(
        alertText.metAlready(
          conditionText({ instrument, condition: result.condition }),
          firedText(result.by, { accounts, now, hidesAmounts: ctx.user.settings.hidesAmounts }),
        ),
        result.by.kind === "pnl" ? addLogins(new InlineKeyboard(), result.by.loggedOut) : null,
      );
    case "no-side":
      throw new Refusal(alertText.noSide());
    case "added": {
      const { priced } = result;
      const price = priced && alertText.nowAt(rupeePrice(priced.quote.ltp), sourceOf(priced, { accounts, now }));
      const view = { html: lines(alertText.armed(result.alert, price), alertText.switchedOff(ctx.user.settings)) };
      await send(ctx, await (instrument ? withPriceLogin : withPnlLogins)(deps, ctx.user, view));
    }
  }
}

/** Says under an alert on the P&L which accounts are not in it because they are not logged in, with login buttons. */
async function withPnlLogins({ accounts }: BotDeps, { _id }: User, view: View): Promise<View> {
  const links = await accounts.active(_id);
  const loggedOut = links.filter((link) => !accounts.hasSession(link));
  if (loggedOut.length === 0 && links.length > 0) return view;
  const note = loggedOut.length === links.length ? alertText.noLogin() : alertText.leftOut(loggedOut);
  return { html: lines(view.html, note), keyboard: addLogins(new InlineKeyboard(), loggedOut) };
}

/** Refuses an order that could not become a ticket when the alert goes off, while the user can still correct it. */
async function checkOrder(deps: BotDeps, ctx: SaudaContext, order: AlertOrder): Promise<void> {
  requireTrader(ctx.user);
  const parsed = parseOrderText(`X ${order.words}`);
  if (parsed.ok) await accountsFor(deps, ctx, parsed.words.accounts);
}

/** Makes the ticket of an alert that has gone off: an ordinary card, to be confirmed. */
async function order(deps: BotDeps, ctx: SaudaContext, id: string): Promise<void> {
  requireTrader(ctx.user);
  const known = await deps.alerts.get(ctx.user._id, id);
  const parsed = known?.order && parseOrderText(`X ${known.order.words}`);
  if (!known?.instrument || !known.order || !parsed?.ok) {
    await ctx.answerCallbackQuery({ text: alertText.gone });
    return;
  }
  const { instrument, order } = known;
  await showTicket(deps, ctx, { side: order.side, instrument, words: parsed.words, origin: "alert" });
}
