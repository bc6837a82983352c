import type { CredentialSpec } from "../../connectors/base.ts";
import type { LinkId, UserId } from "../domain/ids.ts";
import { Secret } from "../lib/secret.ts";
import type { Clock } from "../ports/clock.ts";
import type { Collection, CollectionSpec, Document, Store } from "../ports/store.ts";
import { changeDocument } from "./change-document.ts";
import type { Accounts, Link } from "./accounts.ts";
import { EGRESS_SPEC } from "./egress.ts";

/** What the user's next message will be taken as. Holds no secret itself: what arrives goes straight to the link. */
interface CaptureDocument extends Document {
  readonly _id: string;
  readonly link: LinkId;
  /** A credential field, the proxy for orders, or the end of a login. */
  readonly awaits: string;
  /** The login's state where the broker echoes none. */
  readonly heldState: string | null;
  /** The message that was taken last: after a crash it comes again, and is neither the next key nor plain text. */
  readonly taken?: number;
  readonly expiresAt: number;
}

const capturesSpec: CollectionSpec<CaptureDocument> = {
  name: "captures",
  indexes: [],
  encrypted: ["heldState"],
  durability: "normal",
};
/** Whoever is asked for a key may have to create an app or subscribe first: what comes after that must not stay in the chat. */
const CAPTURE_TTL_MS = 3_600_000;
const LOGIN = "(login)";
const EGRESS = "(egress)";
/** Nothing is asked any more; the last message is only remembered, and what it was. */
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

/** The one-shot steps that take keys in chat: outside any replayed dialogue, so that no secret is ever recorded twice. */
export interface KeyCapture {
  /** Asks for the first credential that is missing; `complete` when there is none. */
  begin(link: Link): Promise<Captured>;
  awaitLogin(link: Link, heldState: string | null): Promise<void>;
  /** The next message is this link's proxy for orders, `skip` for none. */
  awaitEgress(link: Link): Promise<void>;
  /**
   * Takes the message, or null when nothing was awaited. `skip` leaves an optional field out. One that was taken before
   * answers the same again.
   */
  accept(user: UserId, message: CapturedMessage): Promise<Captured | null>;
  /** Whose login the next message may end; null when none is awaited. */
  awaitedLogin(user: UserId): Promise<Link | null>;
  /** The link's login ended elsewhere: its end is not awaited any more, what was asked for since still is. */
  endLogin(link: Link): Promise<void>;
  /** The user turned to something else: a key is not awaited any more, the end of a login still is. */
  leave(user: UserId): Promise<void>;
}

/**
 * An address, or a token with or without the rest of its address, longer than any contract's name; whatever else is typed
 * after a login was offered is not meant for it.
 */
const LOGIN_END = /^(https?:\/\/\S+|[\w.~+/=-]{30,}(&\w+=\S*)?)$/;

export const SKIP_WORD = "skip";

export function createKeyCapture(deps: { store: Store; clock: Clock; accounts: Accounts }): KeyCapture {
  const captures: Collection<CaptureDocument> = deps.store.collection(capturesSpec);
  const { accounts } = deps;

  async function expect(
    link: Link,
    awaits: string,
    asked: Pick<CaptureDocument, "heldState" | "taken">,
  ): Promise<void> {
    // In one write: between two, a crash would leave the next key in the chat as plain text.
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
    const link = pending && (await accounts.get(user, pending.link));
    if (!pending || !link) return null;
    const value = text.trim();
    const index = specs(link).findIndex((spec) => spec.field === pending.awaits);
    const spec = specs(link)[index];
    if (pending.taken === id) return takenBefore(pending, link, text);
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

  function takenBefore({ awaits, heldState }: CaptureDocument, link: Link, text: string): Captured {
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
      return pending?.awaits === LOGIN ? accounts.get(user, pending.link) : null;
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
