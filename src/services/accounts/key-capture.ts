import type { CredentialSpec } from "../../../connectors/base.ts";
import type { LinkId, UserId } from "../../domain/ids.ts";
import { Secret } from "../../lib/secret.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../../ports/store.ts";
import { changeDocument } from "../change-document.ts";
import type { Accounts, Link } from "./accounts.ts";
import { EGRESS_SPEC } from "./egress.ts";

/** What the user's next message is expected to be. Holds no secret: a key that arrives is stored in the link. */
interface CaptureDocument extends Document {
  readonly _id: string;
  readonly link: LinkId;
  /** A credential field, or one of the constants below. */
  readonly awaits: string;
  /** The login's state, for brokers that do not echo it in the redirect. */
  readonly heldState: string | null;
  /** Id of the last message taken. If redelivered after a crash, it is neither the next key nor plain text. */
  readonly taken?: number;
  readonly expiresAt: number;
}

const capturesSpec: CollectionSpec<CaptureDocument> = {
  name: "captures",
  indexes: [],
  encrypted: ["heldState"],
  durability: "normal",
};
/** Long, because the user may have to create an app first, and a key sent after this would stay in the chat. */
const CAPTURE_TTL_MS = 3_600_000;
const LOGIN = "(login)";
const EGRESS = "(egress)";
/** Nothing is awaited; the document only remembers the last message and what it was. */
const NOTHING = "(nothing)";
const LOGIN_TAKEN = "(login taken)";
const EGRESS_TAKEN = "(egress taken)";

export type Captured =
  | { readonly kind: "invalid"; readonly spec: CredentialSpec }
  | { readonly kind: "next"; readonly link: Link; readonly spec: CredentialSpec }
  | { readonly kind: "complete"; readonly link: Link }
  | { readonly kind: "egress"; readonly link: Link }
  | { readonly kind: "login"; readonly link: Link; readonly text: Secret; readonly heldState: string | null };

export interface CapturedMessage {
  readonly id: number;
  readonly text: string;
}

/** Takes keys typed in chat, outside the conversations plugin, whose replay log would record the secrets. */
export interface KeyCapture {
  /** Asks for the first missing credential; `complete` when none is missing. */
  begin(link: Link): Promise<Captured>;
  awaitLogin(link: Link, heldState: string | null): Promise<void>;
  /** Expects this link's proxy for orders in the next message, or `skip` for none. */
  awaitEgress(link: Link): Promise<void>;
  /**
   * Takes the message; null when nothing was awaited. `skip` leaves an optional field out. A redelivered message gets
   * the same answer again.
   */
  accept(user: UserId, message: CapturedMessage): Promise<Captured | null>;
  /** The link whose login the next message may finish; null when none is awaited. */
  awaitedLogin(user: UserId): Promise<Link | null>;
  /** The link's login ended elsewhere (browser): stops awaiting it, but not anything asked for since. */
  endLogin(link: Link): Promise<void>;
  /** The user turned to something else: stops awaiting a key or proxy, but not the end of a login. */
  leave(user: UserId): Promise<void>;
}

/**
 * What can end a login: an address, or a token (perhaps followed by more query parameters) that is longer than any
 * contract's name. Any other text typed after a login was offered is an ordinary message.
 */
const LOGIN_END = /^(https?:\/\/\S+|[\w.~+/=-]{30,}(&\w+=\S*)?)$/;

/** What a login ends with in an address: `code=…`, `auth_code=…`, `request_token=…`, `tokenId=…`. */
const GRANT = /[?&][a-z_]*(code|token|tokenId)=./;

/** Whether a message that nothing awaits may be a key, a token or the end of a login, which must not stay in the chat. */
export const looksSecret = (text: string): boolean => {
  const value = text.trim();
  return LOGIN_END.test(value) && (!/^https?:/.test(value) || GRANT.test(value));
};

export const SKIP_WORD = "skip";

export function createKeyCapture(deps: { store: Store; clock: Clock; accounts: Accounts }): KeyCapture {
  const captures: Collection<CaptureDocument> = deps.store.collection(capturesSpec);
  const { accounts } = deps;

  async function expect(
    link: Link,
    awaits: string,
    asked: Pick<CaptureDocument, "heldState" | "taken">,
  ): Promise<void> {
    // One write: a crash between two would leave nothing awaited, and the next key would be handled as plain text.
    await changeDocument(captures, link.user_id, (known) => {
      const taken = asked.taken ?? known?.taken;
      return {
        _id: link.user_id,
        link: link._id,
        awaits,
        heldState: asked.heldState,
        ...(taken === undefined ? {} : { taken }),
        expiresAt: deps.clock.now() + CAPTURE_TTL_MS,
      };
    });
  }

  const specs = (link: Link): readonly CredentialSpec[] => accounts.broker(link).definition.credentials;

  async function askFrom(link: Link, index: number, taken?: number): Promise<Captured> {
    const spec = specs(link)[index];
    await expect(link, spec?.field ?? NOTHING, { heldState: null, ...(taken === undefined ? {} : { taken }) });
    return spec ? { kind: "next", link, spec } : { kind: "complete", link };
  }

  async function accept(user: UserId, { id, text }: CapturedMessage): Promise<Captured | null> {
    const pending = await captures.get(user);
    const link = pending && (await accounts.forLogin(user, pending.link));
    if (!pending || !link) return null;
    const value = text.trim();
    const index = specs(link).findIndex((spec) => spec.field === pending.awaits);
    const spec = specs(link)[index];
    if (pending.taken === id) return resultOfRedelivery(pending, link, text);
    if (pending.awaits === LOGIN) {
      if (!LOGIN_END.test(value)) return null;
      await expect(link, LOGIN_TAKEN, { heldState: pending.heldState, taken: id });
      return { kind: "login", link, text: new Secret(text), heldState: pending.heldState };
    }
    if (pending.awaits === EGRESS) return takeEgress(link, id, value);
    if (!spec) return null;
    if (spec.isOptional && value.toLowerCase() === SKIP_WORD) return askFrom(link, index + 1, id);
    if (!spec.pattern.test(value)) return { kind: "invalid", spec };
    const updated = await accounts.update(link._id, ({ credentials }) => ({
      credentials: { ...credentials, [spec.field]: new Secret(value) },
    }));
    return askFrom(updated, index + 1, id);
  }

  function resultOfRedelivery({ awaits, heldState }: CaptureDocument, link: Link, text: string): Captured {
    if (awaits === LOGIN_TAKEN) return { kind: "login", link, text: new Secret(text), heldState };
    if (awaits === EGRESS_TAKEN) return { kind: "egress", link };
    const spec = specs(link).find(({ field }) => field === awaits);
    return spec ? { kind: "next", link, spec } : { kind: "complete", link };
  }

  async function takeEgress(link: Link, id: number, value: string): Promise<Captured> {
    const isNone = value.toLowerCase() === SKIP_WORD;
    if (!isNone && !EGRESS_SPEC.pattern.test(value)) return { kind: "invalid", spec: EGRESS_SPEC };
    const updated = await accounts.update(link._id, () => ({ egress: isNone ? null : new Secret(value) }));
    await expect(link, EGRESS_TAKEN, { heldState: null, taken: id });
    return { kind: "egress", link: updated };
  }

  return {
    async begin(link) {
      const missing = specs(link).findIndex((spec) => link.credentials[spec.field] === undefined);
      return askFrom(link, missing === -1 ? specs(link).length : missing);
    },
    awaitLogin: (link, heldState) => expect(link, LOGIN, { heldState }),
    awaitEgress: (link) => expect(link, EGRESS, { heldState: null }),
    accept,
    async awaitedLogin(user) {
      const pending = await captures.get(user);
      return pending?.awaits === LOGIN ? accounts.forLogin(user, pending.link) : null;
    },
    async endLogin(link) {
      const pending = await captures.get(link.user_id);
      if (pending?.awaits === LOGIN && pending.link === link._id) await captures.delete(link.user_id);
    },
    async leave(user) {
      const pending = await captures.get(user);
      if (pending && pending.awaits !== LOGIN) await captures.delete(user);
    },
  };
}
