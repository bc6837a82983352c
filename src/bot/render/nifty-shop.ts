import { InlineKeyboard } from "grammy";
import { ticker } from "../../domain/instrument.ts";
import { paise, sumPaise, valueOf } from "../../domain/money.ts";
import { renderPairs } from "../../lib/table.ts";
import type { ShopHolding } from "../../services/strategies/nifty-shop/shop.ts";
import { amountPerTrade, type ShopSettings } from "../../services/strategies/nifty-shop/settings.ts";
import { callbackData } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";
import { changePercent, mark, priceText, quantity, rupees } from "./amounts.ts";
import type { MoneyText } from "./money-text.ts";
import { rebasedText } from "./nifty-shop-proposal.ts";
import { unpricedNote } from "./notes.ts";
import { PAGE_WIDTH, stamp } from "./page.ts";
import { allPricedAt } from "./source.ts";

export interface ShopStatus {
  readonly settings: ShopSettings;
  readonly held: readonly ShopHolding[];
  readonly account: string | null;
  readonly warning: Html | null;
  readonly now: number;
  readonly money: MoneyText;
}

const MODES = {
  off: "off",
  dry: "dry run: decides and remembers, asks for nothing",
  ask: "on: proposes, you approve each order",
} as const;

export function statusView({ settings, held, account, warning, now, money }: ShopStatus): View {
  const priced = held.flatMap(({ price, ...share }) => (price === null ? [] : [{ ...share, price }]));
  const pnl = sumPaise(priced.map(({ price, qty, cost }) => paise(valueOf(price, qty) - cost)));
  const rows = held.map(({ instrument, qty, avgPrice, price }): readonly [string, string] => [
    `${ticker(instrument.symbol)} ${money.hides ? "" : `${quantity(qty)} `}@ ${priceText(avgPrice)}`,
    price === null ? "" : changePercent(price, avgPrice),
  ]);
  const rebased = held.filter(({ isRebased }) => isRebased);
  return {
    html: lines(
      html`<b>Nifty Shop</b> is ${MODES[settings.mode]}.`,
      settings.mode !== "off" &&
        html`Every trading day at <b>${settings.at}</b> IST${account === null ? "" : ` on ${account}`}.`,
      warning,
      held.length === 0
        ? html`It holds nothing${settings.mode === "ask" ? "" : " in its dry run"}.`
        : lines(
            settings.mode !== "ask" && html`In its dry run it holds:`,
            html`<pre>${renderPairs(rows, PAGE_WIDTH)}</pre>`,
          ),
      ...rebased.map(({ instrument }) => rebasedText(ticker(instrument.symbol), settings.mode !== "ask")),
      priced.length > 0 && html`${mark(pnl)} <b>P&amp;L ${money.signed(pnl)}</b>, open, before charges`,
      priced.length > 0 && unpricedNote(held.filter(({ price, isRebased }) => price === null && !isRebased).length),
      priced.length > 0
        ? html`<i>${allPricedAt(
            priced.flatMap((share) => share.priced ?? []),
            account,
            now,
          )}</i>`
        : stamp(now),
    ),
    keyboard: new InlineKeyboard()
      .text(settings.mode === "ask" ? "Propose now" : "Dry run now", callbackData("nsr"))
      .text("History", callbackData("nsh"))
      .row()
      .text("Settings", callbackData("nsc"))
      .text("Refresh", callbackData("nst")),
  };
}

export interface ShopSettingsCard {
  readonly settings: ShopSettings;
  readonly account: string | null;
  readonly warning: Html | null;
}

export function shopSettingsView({ settings, account, warning }: ShopSettingsCard): View {
  const { mode, at, buysPerDay, averageBelow, target, sizing } = settings;
  const amount =
    sizing.kind === "amount"
      ? rupees(sizing.amount)
      : `${rupees(sizing.capital)} / ${sizing.parts} = ${rupees(amountPerTrade(sizing))}`;
  const change = (name: string): string => callbackData("nsx", name);
  return {
    html: lines(
      html`<b>Nifty Shop settings</b>`,
      html`Each trade: <b>${amount}</b>. Exactly: <code>/niftyshop settings amount 30000</code>, <code>capital 1000000 / 40</code>, <code>time 14:45</code>, <code>target 6</code>, <code>average 3.5</code>, <code>buys 2</code>.`,
      warning,
      html`<i>Tap to change.</i>`,
    ),
    keyboard: new InlineKeyboard()
      .text(`Mode: ${mode === "ask" ? "on, with approval" : mode}`, change("mode"))
      .row()
      .text(`At ${at}`, change("time"))
      .text(`Account: ${account ?? "none"}`, change("account"))
      .row()
      .text(`Buys a day: ${buysPerDay}`, change("buys"))
      .text(`Each ${rupees(amountPerTrade(sizing))}`, change("amount"))
      .row()
      .text(`Average at −${averageBelow / 100}%`, change("average"))
      .text(`Sell at +${target / 100}%`, change("target"))
      .row()
      .text("Status", callbackData("nst")),
  };
}

/** The warning for a run time at which there is no ordinary trading. */
export function timeWarning(problem: "auction" | "closed" | null, at: string): Html | null {
  if (problem === null) return null;
  return problem === "auction"
    ? html`⚠️ ${at} lies in the closing auction: it takes orders for a few minutes only, and what does not match is cancelled. 15:10 or earlier is better.`
    : html`⚠️ The market does not trade at ${at}.`;
}

export const shopText = {
  gone: "This proposal is of another day. /niftyshop makes a new one.",
  "no-account": "This proposal has no account to trade at. /link adds one; then /niftyshop makes a new proposal.",
  sent: "This order is on its way or done. /orders shows it.",
  had: "Another proposal of today has had this already. /niftyshop history shows it.",
  verbs: (): Html =>
    html`Like this: <code>/niftyshop status</code>, <code>settings</code>, <code>run</code>, <code>history</code> or <code>backtest 2020-01..2025-07</code>.`,
  unknownSetting: (): Html =>
    html`Settings are time, buys, average, target, amount and capital, like <code>/niftyshop settings amount 30000</code>.`,
  badSetting: (): Html =>
    html`That value is not possible. Percentages from 0.5 to 50, the target from 1, buys from 1 to 5, a time like <code>14:45</code>, an amount like <code>30000</code>.`,
  badRange: (): Html => html`Like this: <code>/niftyshop backtest 2020-01..2025-07</code>`,
  noRange: (why: string): Html => html`That range is not possible: ${why}.`,
  reading: (count: number): Html => html`Reading ${count} shares’ prices. This can take some minutes.`,
};
