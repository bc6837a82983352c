import type { AuditEvent } from "../people/audit.ts";
import type { LinkDocument } from "./accounts.ts";
import { hasSameKeys } from "./same-keys.ts";

/** What a write changed about a linked account. Nothing before the first login: the account is still being set up. */
export function linkEvents(before: LinkDocument | null, after: LinkDocument): AuditEvent[] {
  const account = after.label;
  if (before === null || after.account_id === null) return [];
  if (before.account_id === null) return [{ what: "linked", account }];
  const events: AuditEvent[] = [];
  if (before.is_active !== after.is_active)
    events.push({ what: after.is_active ? "switched-on" : "switched-off", account });
  if (!hasSameKeys(before.credentials, after.credentials)) events.push({ what: "new-keys", account });
  if (before.egress?.reveal() !== after.egress?.reveal())
    events.push({ what: after.egress ? "proxy-set" : "proxy-removed", account });
  return events;
}
