import { connect, createServer, type AddressInfo } from "node:net";

/** A TCP proxy to a server that records everything that passes. */
export async function startWireTap(port: number): Promise<{ port: number; passed(): string; close(): Promise<void> }> {
  const chunks: string[] = [];
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.on("data", (chunk) => chunks.push(chunk.toString("latin1")));
    far.on("data", (chunk) => chunks.push(chunk.toString("latin1")));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => (near.destroy(), far.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: ours } = server.address() as AddressInfo;
  return {
    port: ours,
    passed: () => chunks.join(""),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
