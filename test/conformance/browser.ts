/** A minimal browser for logins: pages, one form, redirects. */

const MAX_STEPS = 6;

/** The login did not reach the callback; the message has the text of the broker's page. */
export class LoginRefused extends Error {
  override readonly name = "LoginRefused";
}

/** Opens a login page, submits its form unchanged, and returns the callback's URL without calling it. */
export async function walkLogin(start: string, callback: string): Promise<URL> {
  let reply = await fetch(start, { redirect: "manual" });
  let at = start;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const location = reply.headers.get("location");
    if (location !== null) {
      const target = new URL(location, at);
      if (isCallback(target, callback)) return target;
      at = target.href;
      reply = await fetch(at, { redirect: "manual" });
      continue;
    }
    const page = await reply.text();
    const form = formOf(page);
    if (!reply.ok || !form) throw new LoginRefused(`HTTP ${reply.status} without a form: ${textOf(page)}`);
    at = new URL(form.action ?? at, at).href;
    reply =
      form.method === "post"
        ? await fetch(at, { method: "POST", body: form.fields, redirect: "manual" })
        : await fetch(`${at}?${form.fields.toString()}`, { redirect: "manual" });
  }
  throw new LoginRefused("the login never came back");
}

/** Some brokers add a slash before the query. */
const isCallback = (target: URL, callback: string): boolean =>
  `${target.origin}${target.pathname}`.replace(/\/$/, "") === callback;

interface Form {
  readonly method: string;
  readonly action: string | undefined;
  readonly fields: URLSearchParams;
}

function formOf(page: string): Form | null {
  const [, head, inner] = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(page) ?? [];
  if (head === undefined || inner === undefined) return null;
  const fields = new URLSearchParams();
  for (const [, input = ""] of inner.matchAll(/<input\b([^>]*)>/gi)) {
    const name = attribute(input, "name");
    if (name !== undefined) fields.append(name, attribute(input, "value") ?? "");
  }
  return { method: (attribute(head, "method") ?? "get").toLowerCase(), action: attribute(head, "action"), fields };
}

const attribute = (tag: string, name: string): string | undefined =>
  decode(new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1]);

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

const decode = (text: string | undefined): string | undefined =>
  text?.replaceAll(/&(?:#(\d+)|(\w+));/g, (whole, number?: string, name?: string) =>
    number === undefined ? (ENTITIES[name ?? ""] ?? whole) : String.fromCodePoint(Number(number)),
  );

const textOf = (page: string): string =>
  page
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 200);
