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

export interface KeyForm {
  readonly title: string;
  readonly userName: string;
  readonly specs: readonly CredentialSpec[];
}

export type SubmittedKeys =
  | { readonly kind: "stale" }
  /** Which fields do not look right; the form may be sent again. */
  | { readonly kind: "invalid"; readonly fields: readonly string[] }
  | { readonly kind: "done"; readonly link: Link };

/** Pages that take one link's keys: five minutes, once. */
export interface KeyForms {
  /** The page's token: whoever has it may fill it in. */
  offer(link: Link): Promise<string>;
  open(token: string): Promise<KeyForm | null>;
  submit(token: string, fields: Readonly<Record<string, string>>): Promise<SubmittedKeys>;
}

export function createKeyForms(deps: { accounts: Accounts; oneTime: OneTime; users: Users }): KeyForms {
  const { accounts, oneTime, users } = deps;

  const linkOf = (claim: OneTimeClaim): Promise<Link | null> =>
    accounts.get(claim.userId, linkId(claim.payload["link"] ?? "-"));
  const specsOf = (link: Link): readonly CredentialSpec[] => [
    ...accounts.broker(link).definition.credentials,
    EGRESS_SPEC,
  ];

  async function opened(token: string): Promise<Link | null> {
    const claim = await oneTime.peek(token, ACTION);
    return claim && linkOf(claim);
  }

  return {
    offer: (link) =>
      oneTime.issue({
        userId: link.user_id,
        action: ACTION,
        payload: { link: link._id },
        ttlMs: FORM_TTL_MS,
        id: randomToken(TOKEN_BYTES),
      }),

    async open(token) {
      const link = await opened(token);
      if (!link) return null;
      const user = await users.get(link.user_id);
      return {
        title: `Keys of ${accounts.broker(link).definition.title}`,
        userName: user?.name ?? "",
        specs: specsOf(link),
      };
    },

    async submit(token, fields) {
      const link = await opened(token);
      if (!link) return { kind: "stale" };
      const specs = specsOf(link);
      const typed = specs.map((spec) => ({ spec, value: (fields[spec.field] ?? "").trim() }));
      const wrong = typed.filter(({ spec, value }) => (value === "" ? !spec.isOptional : !spec.pattern.test(value)));
      if (wrong.length > 0) return { kind: "invalid", fields: wrong.map(({ spec }) => spec.field) };
      if (!(await oneTime.claim(token, ACTION, link.user_id))) return { kind: "stale" };
      const given = typed.filter(({ value }) => value !== "");
      const egress = given.find(({ spec }) => spec === EGRESS_SPEC);
      const credentials = Object.fromEntries(
        given.filter((entry) => entry !== egress).map(({ spec, value }) => [spec.field, new Secret(value)]),
      );
      const updated = await accounts.update(link._id, (current) => ({
        credentials: { ...current.credentials, ...credentials },
        ...(egress ? { egress: new Secret(egress.value) } : {}),
      }));
      return { kind: "done", link: updated };
    },
  };
}
