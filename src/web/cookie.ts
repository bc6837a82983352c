/** Where the browser keeps a cookie of ours: PUBLIC_URL may have a path, which a proxy takes off before we see it. */
export function cookieAt(publicUrl: string, path: string) {
  const { pathname, protocol } = new URL(publicUrl);
  return { httpOnly: true, secure: protocol === "https:", path: `${pathname.replace(/\/$/, "")}${path}` };
}
