/** The parsed value; undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The claims of a JWT, not verified (only the issuer can do that); undefined when the text is not a JWT. */
export const jwtClaims = (token: string): unknown =>
  parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
