import type { CredentialSpec } from "../../connectors/base.ts";
import { linkId } from "../domain/ids.ts";
import { Secret } from "../lib/secret.ts";
import { randomToken } from "../lib/token.ts";
import type { Accounts, Link } from "./accounts.ts";
import { EGRESS_SPEC } from "./egress.ts";
import type { OneTime, OneTimeClaim } from "./one-time.ts";
import type { Users } from "./users.ts";

export const FORM_TTL_MS = 5 * 60_000;
const ACTION = "keys";
const TOKEN_BYTES = 24;

/** What a page takes: a link's keys, or the proxy of its orders alone. */
export type FormSubject = "keys" | "egress";

export interface KeyForm {
  readonly title: string;
  readonly userName: string;
  readonly specs: readonly CredentialSpec[];
}

export type SubmittedKeys =
  | { readonly kind: "stale" }
  /** Which fields do not look right; the form may be sent again. */
  | { readonly kind: "invalid"; readonly fields: readonly string[] }
  | { readonly kind: "done"; readonly link: Link; readonly subject: FormSubject };

/** Pages that take one link's keys or proxy: five minutes, once. */
export interface KeyForms {
  /** The page's token: whoever has it may fill it in. */
  offer(link: Link, subject: FormSubject): Promise<string>;
  open(token: string): Promise<KeyForm | null>;
  submit(token: string, fields: Readonly<Record<string, string>>): Promise<SubmittedKeys>;
}

interface Opened {
  readonly link: Link;
  readonly userName: string;
  readonly subject: FormSubject;
}

export function createKeyForms(deps: { accounts: Accounts; oneTime: OneTime; users: Users }): KeyForms {
  const { accounts, oneTime, users } = deps;

  const linkOf = (claim: OneTimeClaim): Promise<Link | null> =>
    accounts.get(claim.userId, linkId(claim.payload["link"] ?? "-"));
  const specsOf = ({ link, subject }: Opened): readonly CredentialSpec[] =>
    subject === "egress"
      ? [{ ...EGRESS_SPEC, where: `${EGRESS_SPEC.where} Empty means none.` }]
      : [...accounts.broker(link).definition.credentials, EGRESS_SPEC];

  async function opened(token: string): Promise<Opened | null> {
    const claim = await oneTime.peek(token, ACTION);
    const link = claim && (await linkOf(claim));
    const user = link && (await users.get(link.user_id));
    // Whoever was blocked since it was offered has no page any more.
    if (!user || user.role === "blocked") return null;
    return { link, userName: user.name, subject: claim.payload["subject"] === "egress" ? "egress" : "keys" };
  }

  return {
    offer: (link, subject) =>
      oneTime.issue({
        userId: link.user_id,
        action: ACTION,
        payload: { link: link._id, subject },
        ttlMs: FORM_TTL_MS,
        id: randomToken(TOKEN_BYTES),
      }),

    async open(token) {
      const form = await opened(token);
      if (!form) return null;
      const { link, subject, userName } = form;
      return {
        title: subject === "egress" ? `Proxy of ${link.label}` : `Keys of ${accounts.broker(link).definition.title}`,
        userName,
        specs: specsOf(form),
      };
    },

    async submit(token, fields) {
      const form = await opened(token);
      if (!form) return { kind: "stale" };
      const { link, subject } = form;
      const typed = specsOf(form).map((spec) => ({ spec, value: (fields[spec.field] ?? "").trim() }));
      const wrong = typed.filter(({ spec, value }) => (value === "" ? !spec.isOptional : !spec.pattern.test(value)));
      if (wrong.length > 0) return { kind: "invalid", fields: wrong.map(({ spec }) => spec.field) };
      if (!(await oneTime.claim(token, ACTION, link.user_id))) return { kind: "stale" };
      const given = typed.filter(({ value }) => value !== "");
      const egress = given.find(({ spec }) => spec.field === EGRESS_SPEC.field);
      const credentials = Object.fromEntries(
        given.filter((entry) => entry !== egress).map(({ spec, value }) => [spec.field, new Secret(value)]),
      );
      const updated = await accounts.update(link._id, (current) => ({
        credentials: { ...current.credentials, ...credentials },
        ...(egress ? { egress: new Secret(egress.value) } : subject === "egress" ? { egress: null } : {}),
      }));
      return { kind: "done", link: updated, subject };
    },
  };
}
