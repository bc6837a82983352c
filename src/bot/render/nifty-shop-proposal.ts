import { InlineKeyboard } from "grammy";
import { ticker } from "../../domain/instrument.ts";
import type { Paise } from "../../domain/money.ts";
import { negatePaise, paise, sumPaise, valueOf } from "../../domain/money.ts";
import { renderPairs, renderTable } from "../../lib/table.ts";
import type { Proposal, ProposalNote, ProposedLeg } from "../../services/strategies/nifty-shop/proposals.ts";
import type { LegKind } from "../../services/strategies/nifty-shop/rules.ts";
import { callbackData } from "../callbacks.ts";
import { html, lines, type Html } from "../html.ts";
import type { View } from "../view.ts";
import {
  atPrice,
  dateText,
  percent,
  priceText,
  quantity,
  rupeePrice,
  rupees,
  signedAmount,
  timeText,
} from "./amounts.ts";
import { firstNames } from "./names.ts";
import { PAGE_WIDTH, stamp } from "./page.ts";
import { pricedAt } from "./source.ts";

export interface ShopCard {
  readonly proposal: Proposal;
  /** "📄 Paper" or the broker's title; null without an account. */
  readonly account: string | null;
  readonly now: number;
  /** The leg whose quantity is being changed. */
  readonly editing?: number;
}

/** Later than this after the decision, the card has been looked at again: its prices are then older than its orders. */
const LOOKED_AGAIN_MS = 5_000;

/** A proposal, with a row of buttons for each leg that is still open. */
export function proposalView({ proposal, account, now, editing }: ShopCard): View {
  const { legs, isDry } = proposal;
  return {
    html: lines(
      html`<b>Nifty Shop</b> · ${dateText(proposal.date)}${account === null ? "" : ` · ${account}`}`,
      isDry && html`Dry run: this is what it would have done. Nothing was asked of a broker.`,
      candidateTable(proposal),
      legs.length === 0 && html`<b>Nothing to do today.</b>`,
      ...legs.map((leg, at) => legText(leg, at, isDry)),
      cashText(proposal),
      ...proposal.missed.map(missedText),
      ...proposal.notes.map((note) => noteText(note, isDry)),
      html`<i>Prices: ${pricedAt({ source: proposal.source, at: proposal.createdAt }, account, now)}</i>`,
      !isDry && now - proposal.createdAt > LOOKED_AGAIN_MS && html`<i>Orders: ${timeText(now, now)}</i>`,
    ),
    keyboard: editing === undefined ? legKeyboard(proposal) : editKeyboard(proposal, editing),
  };
}

function candidateTable({ candidates }: Proposal): Html {
  if (candidates.length === 0) return html`No share is below its 20-day average.`;
  const table = renderTable(
    [
      { title: "Below SMA20", align: "left", max: 16 },
      { title: "Last", align: "right" },
      { title: "By", align: "right" },
    ],
    candidates.map(({ symbol, distance, price, isHeld }) => [
      `${symbol}${isHeld ? " ·held" : ""}`,
      priceText(price),
      percent(distance),
    ]),
  );
  return html`<pre>${table}</pre>`;
}

const VERBS: Readonly<Record<LegKind, string>> = { buy: "Buy", average: "Average", sell: "Sell" };
const REASONS: Readonly<Record<LegKind, (by: string) => string>> = {
  buy: (by) => `${by} from its average, not held yet`,
  average: (by) => `all candidates are held; ${by} from the last buy`,
  sell: (by) => `${by} over the average price`,
};

function legText(leg: ProposedLeg, at: number, isDry: boolean): Html {
  const what = `${VERBS[leg.kind]} ${quantity(leg.qty)} ${ticker(leg.instrument.symbol)}`;
  const state = isDry ? null : stateOf(leg);
  return html`${at + 1}. <b>${what}</b> at about ${rupeePrice(leg.price)} = ${rupees(valueOf(leg.price, leg.qty))}: ${REASONS[leg.kind](percent(leg.by))}.${state === null ? "" : html` <b>${state}</b>`}`;
}

function stateOf(leg: ProposedLeg): string | null {
  if (leg.filledQty > 0) return `Filled ${quantity(leg.filledQty)}${atPrice(leg.avgPrice)}.`;
  if (leg.state === "skipped") return "Skipped.";
  if (leg.intent === null) return null;
  if (leg.isUnresolved) return "Not followed to its end.";
  return leg.isSettled ? "Nothing was filled." : "On a card below.";
}

/** The cash before and after the open legs, ended ones by what they filled. A sale's money arrives on the next trading day. */
function cashText({ cash, legs, isDry }: Proposal): Html | null {
  const counted = legs.filter(({ state, filledQty }) => state === "open" || filledQty > 0);
  const of = (isSale: boolean): Paise =>
    sumPaise(counted.filter(({ kind }) => (kind === "sell") === isSale).map(legValue));
  const [spent, raised] = [of(false), of(true)];
  if (isDry || cash === null || counted.length === 0) return null;
  return html`<pre>${renderPairs(
    [
      ["Available", rupees(cash)],
      ...(spent > 0 ? [["Buys", signedAmount(negatePaise(spent))] as const] : []),
      ...(raised > 0 ? [["Sales, about", signedAmount(raised)] as const] : []),
      ["After", rupees(paise(cash - spent + raised))],
    ],
    PAGE_WIDTH,
  )}</pre>`;
}

const legValue = ({ price, qty, avgPrice, filledQty, isSettled }: ProposedLeg): Paise =>
  isSettled ? valueOf(avgPrice > 0 ? avgPrice : price, filledQty) : valueOf(price, qty);

const MISSED = {
  "one-share-costs-more": "one share costs more than the amount of a trade",
  "no-cash": "the account has not enough cash",
} as const;
const missedText = ({ kind, symbol, reason }: Proposal["missed"][number]): Html =>
  html`⚠️ ${kind === "buy" ? "Not bought" : "Not averaged"}: ${symbol}, ${MISSED[reason]}.`;

const MAX_NAMES = 12;

function noteText(note: ProposalNote, isDry: boolean): Html {
  switch (note.kind) {
    case "no-prices":
      return html`ℹ️ Without prices of today and so not considered: ${firstNames(note.tickers, MAX_NAMES)}.`;
    case "unfitting":
      return html`⚠️ Left out today: ${firstNames(note.tickers, MAX_NAMES)}. Their daily prices do not end with the last close, perhaps because of a split, bonus or demerger.`;
    case "too-few-prices":
      return html`⛔ Only ${note.known} of ${note.members} shares could be considered. Nothing is proposed on a part of the market.`;
    case "account-unread":
      return html`⚠️ The account could not be read: cash and shares are not checked. It may need a login.`;
    case "rebased":
      return rebasedText(note.symbol, isDry);
    case "not-ended":
      return html`⚠️ ${note.symbol}: an earlier order has no known end, so it is not counted. /orders and the broker show it.`;
    case "members-known-until":
      return html`ℹ️ Members of the index are known until ${dateText(note.date)}: later changes may be missing.`;
    case "fewer-held":
      return html`ℹ️ ${note.symbol}: the account holds ${quantity(note.held)} of the ${quantity(note.bought)} that the strategy bought. Only those count.`;
  }
}

export const rebasedText = (symbol: string, isDry: boolean): Html =>
  html`⚠️ ${symbol} is left out: its price base has changed since it was bought (split or bonus).${isDry ? "" : " Sell it by hand."}`;

const isOpen = (leg: ProposedLeg): boolean => leg.state === "open" && leg.filledQty === 0 && !leg.isSettled;

function legKeyboard({ _id, legs, isDry }: Proposal): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  if (isDry) return keyboard;
  legs.forEach((leg, at) => {
    if (!isOpen(leg)) return;
    const name = legs.length > 1 ? ` ${at + 1}` : "";
    keyboard
      .add({
        text: `Approve${name}`,
        callback_data: callbackData("nsa", _id, at),
        style: leg.kind === "sell" ? "danger" : "success",
      })
      .text(`Edit${name}`, callbackData("nse", _id, at))
      .text(`Skip${name}`, callbackData("nss", _id, at))
      .row();
  });
  return keyboard.text("Refresh", callbackData("nsv", _id));
}

const STEPS = [-10, -1, 1, 10];

function editKeyboard({ _id, legs }: Proposal, at: number): InlineKeyboard {
  const qty = legs[at]?.qty ?? 1;
  const keyboard = new InlineKeyboard();
  const choice = (label: string, wanted: number): void => {
    keyboard.text(label, callbackData("nsq", _id, at, Math.max(1, wanted)));
  };
  for (const step of STEPS) choice(step < 0 ? `−${-step}` : `+${step}`, qty + step);
  keyboard.row();
  choice("Half", Math.floor(qty / 2));
  choice("Double", qty * 2);
  return keyboard.row().text("Done", callbackData("nsv", _id));
}

export function historyView(proposals: readonly Proposal[], now: number): View {
  const entries = proposals.map(({ date, legs, isDry, missed }) => {
    const done = legs.map(historyLeg).join("\n");
    const what =
      legs.length === 0 ? `nothing to do${missed.length > 0 ? `, ${missed.length} not possible` : ""}` : done;
    return html`<b>${dateText(date)}</b>${isDry ? " · dry" : ""}\n${what}`;
  });
  return {
    html: lines(
      html`<b>Nifty Shop: last decisions</b>`,
      proposals.length === 0 && html`None yet.`,
      ...entries,
      stamp(now),
    ),
    keyboard: new InlineKeyboard().text("Status", callbackData("nst")).text("Refresh", callbackData("nsh")),
  };
}

function historyLeg(leg: ProposedLeg): string {
  const what = `${VERBS[leg.kind]} ${quantity(leg.qty)} ${ticker(leg.instrument.symbol)}`;
  if (leg.filledQty > 0) return `${what}: ${quantity(leg.filledQty)}${atPrice(leg.avgPrice)}`;
  if (leg.state === "skipped") return `${what}: skipped`;
  if (leg.isUnresolved) return `${what}: not followed to its end`;
  if (leg.isSettled) return `${what}: nothing filled`;
  return `${what}: ${leg.intent === null ? "not approved" : "see its card"}`;
}
