import { InlineKeyboard } from "grammy";
import type { BrokerDefinition, CredentialSpec } from "../../connectors/base.ts";
import { isStandIn, type BrokerName, type LinkId, type UserId } from "../domain/ids.ts";
import { BrokerError } from "../errors.ts";
import { Secret } from "../lib/secret.ts";
import type { Broker, Link } from "../services/accounts/accounts.ts";
import { SKIP_WORD, type Captured, type CapturedMessage } from "../services/accounts/key-capture.ts";
import type { FormSubject } from "../services/accounts/key-forms.ts";
import type { LoginResult } from "../services/accounts/logins.ts";
import { allows } from "./updates/access.ts";
import { callbackData } from "./callbacks.ts";
import type { BotDeps } from "./commands.ts";
import type { SaudaContext } from "./context.ts";
import { html, lines, type Html } from "./html.ts";
import { isLinked } from "./no-account.ts";
import { Refusal } from "./refusal.ts";
import type { MoneyText } from "./render/money-text.ts";
import * as safety from "./safety-text.ts";
import * as text from "./text.ts";
import { userMoney } from "./user-money.ts";
import { send, show, type View } from "./view.ts";

/** All brokers as buttons, paper first. */
export function brokerKeyboard(deps: BotDeps): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const { definition } of deps.accounts.brokers.values()) {
    const label = definition.isPaper ? text.PAPER_MARK : definition.title;
    keyboard.text(label, callbackData("lk", definition.name)).row();
  }
  return keyboard;
}

/** Starts linking. Paper opens at once; for a real broker, shows the steps in its console and then asks for the keys. */
export async function beginLink(deps: BotDeps, ctx: SaudaContext, name: BrokerName): Promise<void> {
  const broker = deps.accounts.brokers.get(name);
  if (!broker || (await isDoubleTap(deps, ctx, name))) return;
  const unfinished = await unfinishedLink(deps, ctx, name);
  const link = unfinished
    ? await deps.accounts.update(unfinished._id, () => ({ credentials: {} }))
    : await deps.accounts.add(ctx.user._id, name, {});
  if (broker.definition.capabilities.login.includes("none")) {
    await reportLogin(deps, ctx, await deps.logins.open(link));
    return;
  }
  const dropsKeys = unfinished !== undefined && Object.keys(unfinished.credentials).length > 0;
  const steps = text.link.steps(text.link.title(broker.definition.title), broker.definition, redirectUrl(deps, name));
  await show(ctx, { html: lines(dropsKeys && text.link.anew(unfinished.label), steps) });
  await askForKeys(deps, ctx, link);
}

/** Asks for new keys, as for those of a new account. They replace the link's own when a login with them has worked. */
export async function beginNewKeys(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  const { definition } = deps.accounts.broker(link);
  const standIn = await deps.accounts.standIn(link);
  const steps = text.link.steps(text.link.newKeys(link.label), definition, redirectUrl(deps, link.broker_name));
  await show(ctx, { html: steps });
  await askForKeys(deps, ctx, standIn);
}

/** The user's link, or stand-in, that a button under a question for keys or a failed login is for. */
export async function linkToLogIn(deps: BotDeps, ctx: SaudaContext, id = ""): Promise<Link> {
  const link = await deps.accounts.forLogin(ctx.user._id, id as LinkId);
  if (!link) throw new Refusal(isStandIn(id) ? text.link.newKeysGone() : text.accounts.gone());
  return link;
}

const DOUBLE_TAP_MS = 5_000;

/** The second tap of a double tap must not open a second paper account, which needs no login and is linked at once. */
async function isDoubleTap({ accounts, clock }: BotDeps, ctx: SaudaContext, name: BrokerName): Promise<boolean> {
  if (!ctx.callbackQuery) return false;
  const links = await accounts.all(ctx.user._id);
  return links.some(
    (link) => link.broker_name === name && isLinked(link) && Math.abs(clock.now() - link.created_at) < DOUBLE_TAP_MS,
  );
}

/**
 * A link at this broker that was never logged in. Linking again reuses it, with new keys: after a mistyped key, the user's
 * first account is still called `zerodha`, not `zerodha2`.
 */
async function unfinishedLink(deps: BotDeps, ctx: SaudaContext, name: BrokerName): Promise<Link | undefined> {
  const links = await deps.accounts.all(ctx.user._id);
  return links.find((link) => link.broker_name === name && !isLinked(link));
}

async function askForKeys(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  if (deps.isPublic) await offerKeyPage(deps, ctx, link);
  else await askInChat(deps, ctx, link);
}

export async function askInChat(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  // A PIN or code may still be awaited: the next message is a key and must not be taken as that.
  await deps.orderLock.stop(link.user_id);
  await reportCapture(deps, ctx, await deps.keyCapture.begin(link));
}

/** Offers our own web page for the keys, so that they are never in the chat. Needs a public URL. */
async function offerKeyPage(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  const keyboard = new InlineKeyboard()
    .url(safety.keys.pageButton, await pageUrl(deps, link, "keys"))
    .row()
    .text(safety.keys.hereButton, callbackData("lkh", link._id));
  await send(ctx, { html: safety.keys.onPage(deps.accounts.broker(link).definition.title), keyboard });
}

export const pageUrl = async (deps: BotDeps, link: Link, subject: FormSubject): Promise<string> =>
  `${deps.publicUrl}/keys/${await deps.keyForms.offer(link, subject)}`;

const redirectUrl = (deps: BotDeps, name: BrokerName): string => `${deps.publicUrl}/oauth/${name}/callback`;

/** Takes a key, proxy or login; null when the message is none that is awaited. */
export async function capture(deps: BotDeps, user: UserId, message: CapturedMessage): Promise<Captured | null> {
  // Of several logins under way only the last begun is awaited, but the address tells which one it ends.
  const link = await deps.logins.linkIn(user, message.text);
  if (!link) return deps.keyCapture.accept(user, message);
  await deps.keyCapture.endLogin(link);
  return { kind: "login", link, text: new Secret(message.text), heldState: null };
}

/** Answers a message that was captured as a key, proxy or login: the next question, the login, or how it ended. */
export async function reportCapture(deps: BotDeps, ctx: SaudaContext, captured: Captured): Promise<void> {
  switch (captured.kind) {
    case "invalid":
      await send(ctx, { html: lines(text.link.invalid(captured.spec), credentialPrompt(captured.spec)) });
      return;
    case "next":
      await send(ctx, { html: credentialPrompt(captured.spec) });
      return;
    case "complete":
      await offerLogin(deps, ctx, captured.link);
      return;
    case "login":
      await reportLogin(
        deps,
        ctx,
        await deps.logins.finishPasted(captured.link, captured.text.reveal(), captured.heldState),
      );
      return;
    case "egress":
      await send(ctx, { html: safety.keys.egress(captured.link.label, captured.link.egress !== null) });
  }
}

const credentialPrompt = (spec: CredentialSpec): Html =>
  lines(
    html`Send the <b>${spec.label}</b>. ${spec.where}`,
    html`It looks like <code>${spec.example}</code>.${spec.isOptional ? html` Or send <code>${SKIP_WORD}</code>.` : ""} Your message is deleted as soon as I have it.`,
  );

/** Sends the login message, or asks for the keys first when a required one is missing. */
export async function offerLogin(deps: BotDeps, ctx: SaudaContext, link: Link): Promise<void> {
  const { credentials } = deps.accounts.broker(link).definition;
  const isIncomplete = credentials.some((spec) => !spec.isOptional && link.credentials[spec.field] === undefined);
  if (isIncomplete) await askForKeys(deps, ctx, link);
  else await send(ctx, await beginLogin(deps, link));
}

/** The login message; where the broker has to be asked for its login page and fails, why, and a button to try again. */
export const beginLogin = (deps: BotDeps, link: Link): Promise<View> =>
  loginMessage(deps, link).catch((error: unknown) => {
    if (error instanceof BrokerError) return loginReport(deps, { kind: "failed", link, error });
    throw error;
  });

/**
 * The login message: the button, and what to paste here when the broker's page cannot redirect back to us. From now on the
 * user's next message may be that.
 */
async function loginMessage(deps: BotDeps, link: Link): Promise<View> {
  const { definition } = deps.accounts.broker(link);
  const isReplacing = link.replaces !== undefined;
  // A pasted token may work without the new keys, so none is awaited where the broker refuses them or does not answer.
  if (isReplacing) await deps.keyCapture.endLogin(link);
  const { url, heldState, refusal } = await startLogin(deps, link);
  if (isReplacing && refusal !== null) throw refusal;
  const paste = pasteDescription(definition);
  if (paste !== undefined) {
    await deps.orderLock.stop(link.user_id);
    await deps.keyCapture.awaitLogin(link, heldState);
  }
  const { title } = definition;
  const body = lines(
    refusal !== null && failureText(title, refusal),
    url !== null && text.link.login(title, isReplacing),
    paste !== undefined && text.link.paste(title, paste, { hasPage: url !== null, isReplacing }),
  );
  if (url === null) return { html: body };
  return { html: body, keyboard: new InlineKeyboard().url(`Log in at ${definition.title}`, url) };
}

/** What a login can be finished with by pasting it into the chat; undefined when only by redirect. */
const pasteDescription = ({ setup, capabilities }: BrokerDefinition): string | undefined =>
  setup.paste ?? (capabilities.login.includes("token") ? "the access token" : undefined);

/** The reply to a message that does not look like what the pending login waits for; null when no login is pending. */
export async function notALoginReply(deps: BotDeps, user: UserId): Promise<Html | null> {
  const link = await deps.keyCapture.awaitedLogin(user);
  if (!link) return null;
  const { definition } = deps.accounts.broker(link);
  const paste = pasteDescription(definition);
  return paste === undefined ? null : text.link.noEnd(definition.title, paste);
}

interface LoginStart {
  readonly url: string | null;
  /** The OAuth state, kept here because this broker's redirect does not return it. */
  readonly heldState: string | null;
  /** The broker's refusal of the link's keys when it was asked for its login page. */
  readonly refusal: BrokerError | null;
}

/** The URL is null when the broker has no login page, or gives none for the link's keys. */
async function startLogin(deps: BotDeps, link: Link): Promise<LoginStart> {
  const none = { url: null, heldState: null, refusal: null };
  const { capabilities, credentials } = deps.accounts.broker(link).definition;
  if (!capabilities.login.includes("redirect")) return none;
  try {
    return { ...(await deps.logins.start(link)), refusal: null };
  } catch (error) {
    if (!(error instanceof BrokerError) || error.kind !== "auth-invalid") throw error;
    // Expected when an optional key that only the login page needs was skipped: the user pastes a token instead.
    const hasAllKeys = credentials.every(({ field }) => link.credentials[field] !== undefined);
    return hasAllKeys ? { ...none, refusal: error } : none;
  }
}

const failureText = (title: string, { kind, message }: BrokerError, words = text.brokerFailure(title, kind)): Html =>
  lines(words, html`<blockquote expandable>${message}</blockquote>`);

async function reportLogin(deps: BotDeps, ctx: SaudaContext, result: LoginResult): Promise<void> {
  await show(ctx, await loginReport(deps, result));
}

/** The message that says how a login ended. */
export async function loginReport(deps: BotDeps, result: LoginResult): Promise<View> {
  switch (result.kind) {
    case "linked": {
      const { definition } = deps.accounts.broker(result.link);
      const next = new InlineKeyboard()
        .text("Positions", callbackData("pos", 0))
        .text("Holdings", callbackData("hold", 0));
      const user = await deps.users.get(result.link.user_id);
      const money = user && (await userMoney(deps, user));
      const mayTrade = user !== null && allows(user.role, "trader");
      return {
        html: linkedText(definition, result, money, mayTrade),
        keyboard: next.text("Accounts", callbackData("acc")),
      };
    }
    case "stale":
      return { html: text.link.stale() };
    case "unlinked":
      return { html: text.link.unlinked(result.link.label) };
    case "other-account": {
      const { title } = deps.accounts.broker(result.link).definition;
      return { html: text.link.otherAccount(title, result.accountId), keyboard: tryAgain(result.link) };
    }
    case "linked-already": {
      const { title } = deps.accounts.broker(result.link).definition;
      return { html: text.link.linkedAlready(title, result.accountId, result.as.label, result.link.label) };
    }
    case "cancelled":
    case "failed": {
      const { link, error } = result;
      const { title } = deps.accounts.broker(link).definition;
      const keyboard = tryAgain(link);
      if (error.kind !== "auth-invalid") return { html: failureText(title, error), keyboard };
      // Not always the key or secret: a code or token may be used, too old or mistyped.
      keyboard.text("New keys", callbackData("ak", link.replaces ?? link._id));
      return { html: failureText(title, error, text.link.refused(title)), keyboard };
    }
  }
}

const tryAgain = ({ _id }: Link): InlineKeyboard => new InlineKeyboard().text("Try again", callbackData("al", _id));

function linkedText(
  definition: Broker["definition"],
  result: Extract<LoginResult, { kind: "linked" }>,
  money: MoneyText | null,
  mayTrade: boolean,
): Html {
  const { profile, funds, link, hasNewKeys } = result;
  return lines(
    definition.isPaper
      ? html`<b>${text.PAPER_MARK} account is open.</b> <code>${profile.accountId}</code>`
      : text.accounts.linked(definition.title, profile.name, profile.accountId),
    hasNewKeys && text.link.newKeysTaken(link.label),
    funds && money && html`Available: <b>${money.plain(funds.available)}</b>`,
    definition.isPaper === true && mayTrade && html`Try <code>/buy SBIN 10</code>.`,
  );
}
