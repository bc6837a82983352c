import type { CredentialSpec } from "../../connectors/base.ts";

// A "%" that begins no escape, or a port above 65535, would make every order fail.
const NAME = String.raw`(?:[^\s:@/%]|%[\dA-Fa-f]{2})+`;
const PASSWORD = String.raw`(?:[^\s@/%]|%[\dA-Fa-f]{2})*`;
const PORT = String.raw`(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])`;

/** The proxy for a link's order calls, for users outside the household's IP registration. May hold a password. */
export const EGRESS_SPEC: CredentialSpec = {
  field: "egress",
  label: "Proxy for orders",
  isSecret: true,
  where: "Only where your broker has another IP address registered for you than this bot's.",
  pattern: new RegExp(String.raw`^(https?|socks5h?)://(?:${NAME}(?::${PASSWORD})?@)?[\w.-]+:${PORT}/?$`),
  example: "socks5://name:password@203.0.113.7:1080",
  isOptional: true,
};
