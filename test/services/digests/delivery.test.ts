import { describe, expect, it } from "vitest";
import { userId } from "../../../src/domain/ids.ts";
import { istInstant } from "../../../src/domain/market.ts";
import type { Notification } from "../../../src/ports/notifier.ts";
import { deliveryFor, withQuietHours, isQuiet } from "../../../src/services/digests/delivery.ts";
import { DEFAULT_SETTINGS, type Settings, type User } from "../../../src/services/people/users.ts";

const at = (time: string): number => istInstant("2026-11-23", time);
const settings = (own: Partial<Settings>): Settings => ({ ...DEFAULT_SETTINGS, ...own });

describe("how a message is delivered", () => {
  it("goes with a sound, silently or not at all, as set for its kind", () => {
    const mine = settings({ digest: "silent", alerts: "off" });
    expect([deliveryFor(mine, "orderUpdates"), deliveryFor(mine, "digest"), deliveryFor(mine, "alerts")]).toEqual([
      { silent: false },
      { silent: true },
      null,
    ]);
  });

  it("handles quiet hours within a day and over midnight, with an exclusive end", () => {
    const quiet = (hours: Settings["quietHours"], times: string[]): boolean[] =>
      times.map((time) => isQuiet(settings({ quietHours: hours }), at(time)));
    expect(quiet(["13:00", "14:00"], ["12:59", "13:00", "13:59", "14:00"])).toEqual([false, true, true, false]);
    expect(quiet(["22:00", "07:00"], ["21:59", "22:00", "06:59", "07:00"])).toEqual([false, true, true, false]);
    expect(quiet(null, ["03:00"])).toEqual([false]);
  });

  it("silences any message that is sent in its reader's quiet hours, whenever it was posted", async () => {
    const users = { get: async () => ({ settings: settings({ quietHours: ["22:00", "07:00"] }) }) as User };
    const fill: Notification = { key: "order-end:1", userId: userId(1001), priority: "order", html: "Filled" };
    const sentAt = async (time: string) =>
      (await withQuietHours(fill, { users, clock: { now: () => at(time), sleep: async () => undefined } })).silent ===
      true;
    expect([await sentAt("21:59"), await sentAt("23:30")]).toEqual([false, true]);
  });
});
