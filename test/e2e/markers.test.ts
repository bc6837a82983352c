import { expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { expectNoMarker, liveMarkedDay } from "./marked-day.ts";

it(
  "a day of using the bot leaves no secret in the log, the metrics, the chat or on the disk",
  { timeout: 120_000 },
  async () => {
    const day = await liveMarkedDay({
      settings: {},
      open: (keyring, dir) => openSqliteStore({ dir, now: Date.now, keyring }),
      contents: async () => ({}),
    });
    expect(Object.keys(day.places)).toEqual(["log", "metrics", "chat", "disk"]);
    expectNoMarker(day, { log: "broker call", metrics: "zerodha", chat: "Asha", disk: "user_brokers" });
  },
);
