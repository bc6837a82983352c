import { expect } from "vitest";
import type { Access } from "../../../connectors/base.ts";
import { linkId, orderTag } from "../../../src/domain/ids.ts";
import type { RateLimiter } from "../../../src/lib/rate-limit.ts";
import type { Kit } from "../kit.ts";
import { settle, ticket, share } from "../tickets.ts";

const NO_LIMITER: RateLimiter = { run: (_key, _windows, call) => call() };

export function limitCases(kit: Kit): void {
  kit.group("rate limits", () => {
    kit.case("a burst of reads stays within the broker's limits", async () => {
      const { rig, access } = await kit.loggedIn({ isRealTime: true });
      rig.broker.switches.enforcesRateLimits = true;
      await rig.connector.getFunds(access);
      const windows = rig.record.meters.at(-1)?.windows ?? [];
      const burst = Math.min(...windows.map(({ count }) => count)) + 2;
      await Promise.all(Array.from({ length: burst }, () => rig.connector.getFunds(access)));
      expect(rig.record.attempts.map(({ outcome }) => outcome)).not.toContain("429");
      expect(rig.record.waits).toEqual([]);
    });

    kit.case("the links of one account share its limits, and other accounts do not", async () => {
      const { rig, access } = await kit.loggedIn();
      const metersOf = async (as: Access): Promise<string[]> => {
        rig.record.meters.length = 0;
        await settle(rig.connector.getFunds(as));
        await rig.connector.placeOrder(as, ticket(rig, share(rig)));
        return rig.record.meters.map(({ key }) => key);
      };
      const meters = await metersOf(access);
      expect(meters.length).toBeGreaterThan(0);
      expect(await metersOf({ ...access, link: linkId("another") })).toEqual(meters);
      const others = await metersOf({ ...access, session: { ...access.session, accountId: "OTHER1" } });
      expect(others.filter((key) => meters.includes(key))).toEqual([]);
    });

    kit.case("without our limiter the simulated broker refuses a burst", async () => {
      const { rig, access } = await kit.loggedIn({ limiter: NO_LIMITER });
      rig.broker.switches.enforcesRateLimits = true;
      // Our limits may be well below the broker's.
      const classes = Object.values(rig.definition.rateLimits);
      const burst = Math.max(30, ...classes.map((windows) => 3 * Math.min(...windows.map(({ count }) => count))));
      const ends = await Promise.all(Array.from({ length: burst }, () => settle(rig.connector.getOrders(access))));
      const kinds = ends.map((end) => ("error" in end ? (end.error as { kind: string }).kind : "served"));
      expect(new Set(kinds)).toEqual(new Set(["served", "rate-limited"]));
    });

    kit.case("an order refused by a rate limit has an unknown outcome", async () => {
      const { rig, access } = await kit.loggedIn({ limiter: NO_LIMITER });
      rig.broker.switches.enforcesRateLimits = true;
      const outcomes = await Promise.all(
        Array.from({ length: 14 }, (_, index) =>
          rig.connector.placeOrder(access, ticket(rig, share(rig), { tag: orderTag(`burst${index}`) })),
        ),
      );
      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["accepted", "unknown"]));
      const accepted = outcomes.filter(({ kind }) => kind === "accepted");
      expect(rig.account.orders()).toHaveLength(accepted.length);
    });
  });
}
