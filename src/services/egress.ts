import type { CredentialSpec } from "../../connectors/base.ts";

/** The proxy for a link's order calls, for users outside the household's IP registration. May hold a password. */
export const EGRESS_SPEC: CredentialSpec = {
  field: "egress",
  label: "Proxy for orders",
  isSecret: true,
  where: "Only where your broker has another IP address registered for you than this bot's.",
  pattern: /^(https?|socks5h?):\/\/(?:[^\s:@/]+(?::[^\s@/]*)?@)?[\w.-]+:\d{1,5}\/?$/,
  example: "socks5://name:password@203.0.113.7:1080",
  isOptional: true,
};
