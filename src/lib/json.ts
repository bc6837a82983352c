/** Undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a JWT says of itself, unverified: only whoever issued it can do that. Undefined where it is none. */
export const jwtClaims = (token: string): unknown =>
  parseJson(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
