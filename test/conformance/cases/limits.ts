import { expect } from "vitest";
import { orderTag } from "../../../src/domain/ids.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import type { Kit } from "../kit.ts";
import { ending, ticket, share } from "../tickets.ts";

const NO_LIMITER: RateLimiter = { run: (_key, _windows, call) => call() };

export function limitCases(kit: Kit): void {
  kit.group("rate limits", () => {
    kit.case("of the broker are never met by a burst of reads", async () => {
      const { street, access } = await kit.enter({ isRealTime: true });
      street.broker.switches.enforcesRateLimits = true;
      await street.connector.getFunds(access);
      const windows = street.record.meters.at(-1)?.windows ?? [];
      const burst = Math.min(...windows.map(({ count }) => count)) + 2;
      await Promise.all(Array.from({ length: burst }, () => street.connector.getFunds(access)));
      expect(street.record.attempts.map(({ outcome }) => outcome)).not.toContain("429");
      expect(street.record.waits).toEqual([]);
    });

    kit.case("of the broker are real: without ours a burst is refused", async () => {
      const { street, access } = await kit.enter({ limiter: NO_LIMITER });
      street.broker.switches.enforcesRateLimits = true;
      // Ours may be well below what the broker allows.
      const classes = Object.values(street.definition.rateLimits);
      const burst = Math.max(30, ...classes.map((windows) => 3 * Math.min(...windows.map(({ count }) => count))));
      const ends = await Promise.all(Array.from({ length: burst }, () => ending(street.connector.getOrders(access))));
      const kinds = ends.map((end) => ("error" in end ? (end.error as { kind: string }).kind : "served"));
      expect(new Set(kinds)).toEqual(new Set(["served", "rate-limited"]));
    });

    kit.case("leave an order unknown that ran into one", async () => {
      const { street, access } = await kit.enter({ limiter: NO_LIMITER });
      street.broker.switches.enforcesRateLimits = true;
      const outcomes = await Promise.all(
        Array.from({ length: 14 }, (_, index) =>
          street.connector.placeOrder(access, ticket(street, share(street), { tag: orderTag(`burst${index}`) })),
        ),
      );
      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["accepted", "unknown"]));
      const accepted = outcomes.filter(({ kind }) => kind === "accepted");
      expect(street.account.orders()).toHaveLength(accepted.length);
    });
  });
}
