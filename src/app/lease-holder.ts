import type { Lease, Leases } from "../services/leases.ts";

export interface LeaseHolder {
  /** Does the work if this process has the lease or can take it. */
  run(): Promise<void>;
  /** Lets another process take over. */
  release(): Promise<void>;
}

/**
 * Does repeated work in one of the processes that share a store: in that which has the lease. It keeps the lease until it
 * stops, dies, or fails at the work.
 */
export function createLeaseHolder(
  leases: Pick<Leases, "take">,
  name: string,
  work: () => Promise<unknown>,
): LeaseHolder {
  let held: Lease | null = null;

  async function release(): Promise<void> {
    const lease = held;
    held = null;
    await lease?.release();
  }

  return {
    async run() {
      if (held === null || held.lost.aborted) held = await leases.take(name);
      if (held === null) return;
      try {
        await work();
      } catch (error) {
        await release();
        throw error;
      }
    },
    release,
  };
}
