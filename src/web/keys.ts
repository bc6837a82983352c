import { randomBytes } from "node:crypto";
import { Hono, type Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { html } from "hono/html";
import type { CredentialSpec } from "../../connectors/base.ts";
import type { Log } from "../lib/log.ts";
import { isSameText } from "../lib/same-text.ts";
import { FORM_TTL_MS, type FormSubject, type KeyForm, type KeyForms } from "../services/accounts/key-forms.ts";
import type { Link } from "../services/accounts/accounts.ts";
import { cookieAt } from "./cookie.ts";
import { backToChat, page } from "./page.ts";
import { toldInTime } from "./telling.ts";

export interface KeysDeps {
  readonly forms: KeyForms;
  /** Confirms the keys in the chat and says what comes next. */
  readonly tell: (link: Link, subject: FormSubject) => Promise<void>;
  readonly chatUrl: () => string;
  /** URL of this server as seen by the browser. */
  readonly publicUrl: string;
  readonly log: Log;
}

const COOKIE = "sauda_keys";
const CSRF_FIELD = "csrf";

/**
 * GET and POST /keys/:oneTimeToken: a form for broker keys, instead of typing them in the chat. The token works once, and
 * only the browser that loaded the form may submit it. Input is never logged and never shown again.
 */
export function keysRoutes({ forms, tell, chatUrl, publicUrl, log }: KeysDeps): Hono {
  const routes = new Hono();

  const stale = (context: Context): Response | Promise<Response> =>
    page(
      context,
      {
        title: "This page was used before or is too old",
        body: html`<p>
            Nothing was changed by this. If you have just sent the page, the chat says what comes next. Otherwise
            /accounts or /link there give a new one for keys, /egress for a proxy.
          </p>
          ${backToChat(chatUrl())}`,
      },
      400,
    );

  /** `wrong`: the fields that look wrong; null when the form did not come from a page of ours. */
  const show = (context: Context, form: KeyForm, wrong: readonly string[] | null): Response | Promise<Response> => {
    const csrf = randomBytes(18).toString("base64url");
    setCookie(context, COOKIE, csrf, {
      ...cookieAt(publicUrl, context.req.path),
      sameSite: "Strict",
      maxAge: FORM_TTL_MS / 1000,
    });
    return page(context, { title: form.title, body: formBody(form, csrf, wrong) }, wrong?.length === 0 ? 200 : 400);
  };

  routes.get("/keys/:token", async (context) => {
    const form = await forms.open(context.req.param("token"));
    return form ? show(context, form, []) : stale(context);
  });

  routes.post("/keys/:token", async (context) => {
    const token = context.req.param("token");
    const form = await forms.open(token);
    if (!form) return stale(context);
    const fields = await typedFields(context);
    if (fields === null || !isFromOurPage(context, fields)) return show(context, form, null);
    const submitted = await forms.submit(token, fields);
    if (submitted.kind === "stale") return stale(context);
    if (submitted.kind === "invalid") return show(context, form, submitted.fields);
    const about = { broker: submitted.link.broker_name, link: submitted.link._id };
    log.info(about, "keys entered on the page");
    const telling = tell(submitted.link, submitted.subject).catch((error: unknown) =>
      log.warn({ err: error, ...about }, "could not confirm the keys in the chat"),
    );
    await toldInTime(telling);
    const body = html`<p>It is stored, encrypted. The chat says what comes next.</p>
      ${backToChat(chatUrl())}`;
    return page(context, { title: "Done", body }, 200);
  });
  return routes;
}

async function typedFields(context: Context): Promise<Record<string, string> | null> {
  const type = context.req.header("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return null;
  return Object.fromEntries(new URLSearchParams(await context.req.text()));
}

/**
 * CSRF check: the cookie must match the form field, and Sec-Fetch-Site, where the browser sends it, must be
 * same-origin.
 */
function isFromOurPage(context: Context, fields: Readonly<Record<string, string>>): boolean {
  const site = context.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return false;
  const kept = getCookie(context, COOKIE) ?? "";
  return kept !== "" && isSameText(fields[CSRF_FIELD] ?? "", kept);
}

const formBody = (form: KeyForm, csrf: string, wrong: readonly string[] | null) =>
  html`<p>For the chat of <b>${form.userName}</b>. If that is not you, close this page.</p>
    ${
      wrong === null
        ? html`<p class="problem">
            Nothing was stored: this page was opened twice, or the browser keeps no cookies. Fill it in once more.
          </p>`
        : ""
    }
    <form method="post" autocomplete="off">
      <input type="hidden" name="${CSRF_FIELD}" value="${csrf}" />
      ${form.specs.map((spec) => field(spec, wrong?.includes(spec.field) === true))}
      <button>Store them</button>
    </form>`;

const field = (spec: CredentialSpec, isWrong: boolean) =>
  html`<label for="${spec.field}">${spec.label}${spec.isOptional ? " (optional)" : ""}</label>
    <input
      id="${spec.field}"
      name="${spec.field}"
      type="${spec.isSecret ? "password" : "text"}"
      maxlength="512"
      spellcheck="false"
      autocapitalize="off"
      autocomplete="off"
      aria-invalid="${isWrong}"
      ${spec.isOptional ? "" : "required"}
    />
    ${isWrong ? html`<small class="problem">That does not look like the ${spec.label}.</small>` : ""}
    <small>${spec.where} It looks like ${spec.example}.</small>`;
