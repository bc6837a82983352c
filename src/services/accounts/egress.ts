import type { CredentialSpec } from "../../../connectors/base.ts";

// What is no URL would make every order fail: a "%" that begins no escape, an unescaped "#", a number above 255 or 65535.
const NAME = String.raw`(?:[^\s:@/?#\\%]|%[\dA-Fa-f]{2})+`;
const PASSWORD = String.raw`(?:[^\s@/?#\\%]|%[\dA-Fa-f]{2})*`;
const BYTE = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const HOST = String.raw`(?:${BYTE}(?:\.${BYTE}){3}|[\w.-]*[A-Za-z][\w.-]*)`;
const PORT = String.raw`(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])`;

/** The proxy for a link's order calls, for users outside the household's IP registration. May hold a password. */
export const EGRESS_SPEC: CredentialSpec = {
  field: "egress",
  label: "Proxy for orders",
  isSecret: true,
  where:
    "Only where your broker has another IP address registered for you than this bot's. In the proxy's password, # ? / and @ are written %23 %3F %2F %40.",
  pattern: new RegExp(String.raw`^(https?|socks5h?)://(?:${NAME}(?::${PASSWORD})?@)?${HOST}:${PORT}/?$`),
  example: "socks5://name:password@203.0.113.7:1080",
  isOptional: true,
};
