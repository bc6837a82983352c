import type { CredentialSpec } from "../../../connectors/base.ts";
import { linkId } from "../../domain/ids.ts";
import { Secret } from "../../lib/secret.ts";
import { randomToken } from "../../lib/token.ts";
import type { Accounts, Link } from "./accounts.ts";
import { EGRESS_SPEC } from "./egress.ts";
import type { OneTime, OneTimeClaim } from "../one-time.ts";
import type { Users } from "../people/users.ts";

export const FORM_TTL_MS = 5 * 60_000;
const ACTION = "keys";
const TOKEN_BYTES = 24;

/** What a form asks for: a link's keys (and proxy), or its order proxy alone. */
export type FormSubject = "keys" | "egress";

export interface KeyForm {
  readonly title: string;
  readonly userName: string;
  readonly specs: readonly CredentialSpec[];
}

export type SubmittedKeys =
  | { readonly kind: "stale" }
  /** The fields that fail their pattern; the form may be submitted again. */
  | { readonly kind: "invalid"; readonly fields: readonly string[] }
  | { readonly kind: "done"; readonly link: Link; readonly subject: FormSubject };

/** Web forms that take one link's keys or proxy. Valid for five minutes and one submission. */
export interface KeyForms {
  /** Creates a form and returns its token. Whoever has the token may fill the form in. */
  offer(link: Link, subject: FormSubject): Promise<string>;
  open(token: string): Promise<KeyForm | null>;
  submit(token: string, fields: Readonly<Record<string, string>>): Promise<SubmittedKeys>;
}

interface OpenForm {
  readonly link: Link;
  readonly userName: string;
  readonly subject: FormSubject;
}

export function createKeyForms(deps: { accounts: Accounts; oneTime: OneTime; users: Users }): KeyForms {
  const { accounts, oneTime, users } = deps;

  const linkOf = (claim: OneTimeClaim): Promise<Link | null> =>
    accounts.forLogin(claim.userId, linkId(claim.payload["link"] ?? "-"));
  const specsOf = ({ link, subject }: OpenForm): readonly CredentialSpec[] =>
    subject === "egress"
      ? [{ ...EGRESS_SPEC, where: `${EGRESS_SPEC.where} Empty means none.` }]
      : [...accounts.broker(link).definition.credentials, ...(link.replaces === undefined ? [EGRESS_SPEC] : [])];

  function titleOf({ link, subject }: OpenForm): string {
    if (subject === "egress") return `Proxy of ${link.label}`;
    if (link.replaces !== undefined) return `New keys of ${link.label}`;
    return `Keys of ${accounts.broker(link).definition.title}`;
  }

  async function openForm(token: string): Promise<OpenForm | null> {
    const claim = await oneTime.peek(token, ACTION);
    const link = claim && (await linkOf(claim));
    const user = link && (await users.get(link.user_id));
    // The owner may have blocked the user since the form was offered.
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
      const form = await openForm(token);
      if (!form) return null;
      const { userName } = form;
      return { title: titleOf(form), userName, specs: specsOf(form) };
    },

    async submit(token, fields) {
      const form = await openForm(token);
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
