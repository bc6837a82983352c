import { createHash } from "node:crypto";
import type { Context } from "hono";
import { html, raw } from "hono/html";

const STYLE = `
body { font: 17px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: #f4f5f7; color: #1b1f24; }
main { box-sizing: border-box; width: 100%; max-width: 24rem; padding: 2rem; }
h1 { font-size: 1.4rem; line-height: 1.25; }
label { display: block; margin: 1.1rem 0 .3rem; font-weight: 600; }
small { display: block; margin-top: .2rem; opacity: .75; }
input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; border: 1px solid #9aa4af; border-radius: .5rem;
  background: transparent; color: inherit; }
input[aria-invalid=true] { border-color: #c02b2b; }
.problem { color: #c02b2b; opacity: 1; }
a.go, button { display: inline-block; margin-top: 1.4rem; padding: .7rem 1.4rem; border: 0; border-radius: .7rem; font: inherit;
  background: #2478c7; color: #fff; text-decoration: none; cursor: pointer; }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #e8eaed; } .problem { color: #ff8a80; } }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const POLICY =
  `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; ` +
  "frame-ancestors 'none'";

type Markup = ReturnType<typeof html>;

/** Renders a page. Its policy allows only its own style sheet (no scripts, images or frames), and it is not cached. */
export function page(
  context: Context,
  { title, body }: { title: string; body: Markup },
  status: 200 | 400,
): Response | Promise<Response> {
  context.header("cache-control", "no-store");
  context.header("content-security-policy", POLICY);
  return context.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>Sauda</title>
          <style>${raw(STYLE)}</style>
        </head>
        <body>
          <main>
            <h1>${title}</h1>
            ${body}
          </main>
        </body>
      </html>`,
    status,
  );
}

export const backToChat = (chatUrl: string): Markup => html`<a class="go" href="${chatUrl}">Back to the chat</a>`;
