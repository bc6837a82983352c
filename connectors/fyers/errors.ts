import { BrokerError, type BrokerErrorKind } from "../../src/errors.ts";
import { cleanMessage, replyErrors } from "../replies.ts";
import { FYERS } from "./facts.ts";

export const { badField, mapReply, noReply } = replyErrors(FYERS, "Fyers");

/** Codes of API v3 and of the 2023 error sheet. One that is not listed proves nothing, so an order stays unknown. */
const CODES: readonly (readonly [BrokerErrorKind, readonly number[]])[] = [
  // -16 is also how the disabled token refresh is refused. The user has to log in either way.
  ["auth-expired", [-8, -15, -16, -17]],
  ["auth-invalid", [-352, -371, -374, -437]],
  ["no-permission", [-373]],
  ["rate-limited", [-429, 429, -353]],
  // -99: by RMS or the exchange. The others: the order is unknown, or already cancelled, traded or rejected (-52: any).
  ["rejected", [-99, -51, -52, -53, -159, -209, -161, -162, -163, -164]],
  ["invalid-request", [-50, -300, -441, -101, -305, -323, -372, -390, -392]],
  ["invalid-request", [-308, -309, -310, -311, -312, -313, -314, -315, -316, -325, -326, -327, -328]],
  // Connections behind Fyers: the order may have got through.
  ["unavailable", [-201, -202, -204, -205, -96, -174]],
];
const KIND_OF_CODE: ReadonlyMap<number, BrokerErrorKind> = new Map(
  CODES.flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const)),
);

/** Whether the error says that the book does not have the order. */
export const isUnknownOrder = (error: unknown): boolean =>
  error instanceof BrokerError && ["-51", "-159", "-209"].includes(error.brokerCode ?? "");

export interface Refusal {
  readonly status: number;
  readonly code: number | undefined;
  readonly message: string;
  readonly isOrder: boolean;
}

export function errorKind({ status, code, message, isOrder }: Refusal): BrokerErrorKind {
  if (status >= 500) return "unavailable";
  if (status === 429) return "rate-limited";
  const known = code === undefined ? undefined : KIND_OF_CODE.get(code);
  // Checked before the text: with these the order may be live, even if the text names an IP.
  if (known === "unavailable" || known === "rate-limited") return known;
  // The static IP rule has no documented code, so the text decides.
  if (isOrder && /\bip\b/i.test(message)) return "ip-not-allowed";
  // Comes as -50, but the request is good: the app lacks the permission for orders.
  if (isOrder && /not allowed from this app/i.test(message)) return "no-permission";
  if (known !== undefined) return known;
  // A status alone does not prove that an order was refused.
  if (isOrder) return "bad-response";
  if (status === 401) return "auth-expired";
  return status === 403 ? "no-permission" : "bad-response";
}

/** Fyers' message for the user, without the secrets and hashes that it might echo. */
export function maskedMessage(text: string, secrets: readonly string[] = []): string {
  let words = text.replaceAll(/\b[0-9a-f]{64}\b/gi, "***");
  for (const secret of secrets) if (secret !== "") words = words.replaceAll(secret, "***");
  return cleanMessage(words);
}
