import { InlineKeyboard } from "grammy";
import { listingName, ticker } from "../../domain/instrument.ts";
import type { InstrumentKey } from "../../domain/ids.ts";
import { priceFromRupees } from "../../domain/money.ts";
import { opposite, type Product } from "../../domain/order.ts";
import { isExitable, type OpenPosition } from "../../domain/portfolio.ts";
import { isWhole, type Link, type LinkResult } from "../../services/accounts/accounts.ts";
import { closableAtOnce } from "../../services/orders/ticket-plan.ts";
import { isConfirmable, type TicketRequest, type TicketView } from "../../services/orders/tickets.ts";
import { callbackData, keyArgument } from "../callbacks.ts";
import type { BotDeps } from "../commands.ts";
import type { SaudaContext } from "../context.ts";
import { lines, type Html } from "../html.ts";
import { showTicketCard } from "./order-flow.ts";
import { noAccount } from "../no-account.ts";
import { Refusal } from "../refusal.ts";
import { quantity } from "../render/amounts.ts";
import { failures, nothingText } from "../render/answers.ts";
import { loginKeyboard, withLogins } from "../render/login-buttons.ts";
import { meantBy, rowsNamed } from "../symbols.ts";
import * as text from "../text.ts";
import { send, show } from "../view.ts";

const MAX_CHOICES = 20;

interface Exitable {
  readonly link: Link;
  readonly position: OpenPosition & { readonly key: InstrumentKey };
}

/** Makes the ticket when the text matches one instrument; else asks which position to close. */
export async function askWhatToExit(deps: BotDeps, ctx: SaudaContext, wanted: string): Promise<void> {
  const { parts, open, unlisted, notes } = await openPositions(deps, ctx);
  const matching = wanted === "" ? open : await rowsNamed(deps, open, wanted, ({ position }) => position);
  const keys = new Set(matching.map(({ position }) => position.key));
  const [only] = keys;
  // An instrument that is in no list can only be matched by its ticker.
  const isUnlisted = unlisted.some((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  if (keys.size === 0) {
    const none = await noneNamed(deps, open, wanted);
    throw new Refusal(lines(!isUnlisted && noneOpen(parts, none), ...notes), loginKeyboard(parts));
  }
  if (keys.size === 1 && only !== undefined && wanted !== "") {
    await showExits(deps, ctx, only, { rows: matching, parts });
    return;
  }
  const keyboard = new InlineKeyboard();
  for (const key of [...keys].slice(0, MAX_CHOICES)) {
    keyboard.text(
      choiceLabel(matching.filter(({ position }) => position.key === key)),
      callbackData("ex", keyArgument(key)),
    );
    keyboard.row();
  }
  const rest = keys.size - MAX_CHOICES;
  const question = lines(text.exits.which(), rest > 0 && text.exits.more(rest), ...notes);
  await send(ctx, { html: question, keyboard: withLogins(keyboard, parts) });
}

/**
 * Says that no open position has this name. Refuses "SBIN 5" as a part of a position, but not "nifty 26000" where another
 * strike is open.
 */
async function noneNamed(deps: BotDeps, open: readonly Exitable[], wanted: string): Promise<Html> {
  const [, name = "", number = ""] = /^(.*\S)\s+(\d[\d,]{0,12})$/.exec(wanted) ?? [];
  const named = name === "" ? [] : await rowsNamed(deps, open, name, ({ position }) => position);
  if (named.length === 0) return text.exits.none(wanted);
  const isShare = named.some(({ position: { segment } }) => segment === "NSE" || segment === "BSE");
  const meant = isShare ? [] : meantBy(await deps.instruments.resolve(wanted));
  const isStrike = meant.some((each) => each.kind === "option" && each.strike === priceFromRupees(number));
  if (!isStrike) throw new Refusal(text.exits.whole(name));
  return text.exits.strike(name, number);
}

/** Makes the tickets that close an instrument's positions, which are read again first. */
export async function exitInstrument(deps: BotDeps, ctx: SaudaContext, key: InstrumentKey): Promise<void> {
  const { parts, open, unlisted, notes } = await openPositions(deps, ctx);
  const same = open.filter(({ position }) => position.key === key);
  if (same.length === 0)
    throw new Refusal(
      lines(unlisted.length === 0 && noneOpen(parts, text.exits.gone()), ...notes),
      loginKeyboard(parts),
    );
  await showExits(deps, ctx, key, { rows: same, parts });
}

async function openPositions(deps: BotDeps, ctx: SaudaContext) {
  const parts = await deps.portfolio.positions(ctx.user._id);
  if (parts.length === 0) throw await noAccount(deps, ctx.user._id);
  const all = parts.flatMap(({ link, ...part }) =>
    part.ok ? part.value.filter(isExitable).map((position) => ({ link, position })) : [],
  );
  const open = all.filter(isListed);
  const unlisted = all.filter((each) => !isListed(each)).map(({ position }) => ticker(position.symbol));
  const notes = [...failures(parts, deps.accounts), ...(unlisted.length > 0 ? [text.exits.unlisted(unlisted)] : [])];
  return { parts, open, unlisted, notes };
}

/** Says "none" only when every account answered: the position may be at one that did not. */
const noneOpen = (parts: readonly LinkResult<unknown>[], none: Html): Html | null =>
  parts.every(isWhole) ? none : nothingText("such position is open", parts);

const isListed = (each: Pick<Exitable, "link"> & { readonly position: OpenPosition }): each is Exitable =>
  each.position.key !== null;

function choiceLabel(rows: readonly Exitable[]): string {
  const [first] = rows;
  if (!first) return "";
  // Not netted: long 10 at one account and short 10 at another would read as 0.
  const sides = Map.groupBy(rows, ({ position }) => position.side);
  const totals = [...sides].map(([side, same]) => {
    const total = same.reduce((sum, { position }) => sum + position.qty, 0);
    return quantity(side === "SELL" ? -total : total);
  });
  return `${listingName(first.position)} ${totals.join(", ")}`;
}

/** Makes one ticket for each side and product; in it, every account closes its own quantity. */
async function showExits(
  deps: BotDeps,
  ctx: SaudaContext,
  key: InstrumentKey,
  { rows, parts }: { rows: readonly Exitable[]; parts: readonly LinkResult<unknown>[] },
): Promise<void> {
  const instrument = await deps.instruments.byKey(key);
  if (!instrument) throw new Refusal(text.exits.unknown());
  const groups = Map.groupBy(rows, ({ position }) => `${position.side} ${position.productType}`);
  // Only the first ticket replaces the tapped message; drawn there too, the next one would overwrite it.
  let draw: typeof show = show;
  for (const group of groups.values()) {
    const [first] = group;
    if (!first) continue;
    const productType: Product = first.position.productType;
    const request: TicketRequest = {
      userId: ctx.user._id,
      instrument,
      side: opposite(first.position.side),
      type: "MARKET",
      price: null,
      triggerPrice: null,
      productType,
      validity: "DAY",
      isAmo: false,
      parts: group.map(({ link, position }) => ({ link, qty: closableAtOnce(position.qty, instrument) })),
      origin: "exit",
      protectionBasisPoints: ctx.user.settings.protectionBasisPoints,
    };
    for (const view of await exitTickets(deps, request)) {
      await showTicketCard(deps, ctx, view, draw);
      draw = send;
    }
  }
  // The position may also be open at an account that could not be read.
  const notes = failures(parts, deps.accounts);
  const keyboard = loginKeyboard(parts);
  if (notes.length > 0) await send(ctx, { html: lines(...notes), ...(keyboard ? { keyboard } : {}) });
}

/** One ticket for all accounts; when a finding at one account would block it, one ticket for each account. */
async function exitTickets({ tickets, desk }: BotDeps, request: TicketRequest): Promise<readonly TicketView[]> {
  const whole = await tickets.make(request);
  if (isConfirmable(whole) || request.parts.length === 1) return [whole];
  const each = await Promise.all(request.parts.map((part) => tickets.make({ ...request, parts: [part] })));
  const [shown, unused] = each.some(isConfirmable) ? [each, [whole]] : [[whole], each];
  await Promise.all(unused.map(({ intent }) => desk.drop(request.userId, intent._id, "cancelled")));
  return shown;
}
