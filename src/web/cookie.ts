/** Cookie attributes for a path of ours. PUBLIC_URL may have a path prefix that a proxy strips before we see it. */
export function cookieAt(publicUrl: string, path: string) {
  const { pathname, protocol } = new URL(publicUrl);
  return { httpOnly: true, secure: protocol === "https:", path: `${pathname.replace(/\/$/, "")}${path}` };
}
