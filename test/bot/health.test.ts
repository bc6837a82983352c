import { describe, expect, it } from "vitest";
import { budgetOf } from "../../commands/health.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { bodyOf } from "../../src/bot/view.ts";
import { healthView, type LinkRow } from "../../src/bot/render/health.ts";
import { brokerName, userId } from "../../src/domain/ids.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

it("/health compares the last minute's calls with a limit per minute, never with one per hour or day", () => {
  expect(budgetOf({ other: [{ count: 20, perMs: 1_000 }], consent: [{ count: 25, perMs: 86_400_000 }] })).toBe(1_200);
  expect(budgetOf({ consent: [{ count: 25, perMs: 86_400_000 }] })).toBeNull();
  for (const { name, rateLimits } of brokerDefinitions)
    expect(budgetOf(rateLimits) ?? Infinity, name).toBeGreaterThanOrEqual(50);
});

it("/health says how many links it leaves out also where a failure on each of them makes the lines long", () => {
  const now = Date.parse("2026-11-24T10:42:00+05:30");
  const at = Date.parse("2026-11-23T06:02:00+05:30");
  const health = { lastGoodAt: at, latencyMs: 120, lastFailure: { at, kind: "auth-expired" }, lastMinute: 12 };
  const row: LinkRow = {
    userName: "Priyanka",
    label: "angelone2",
    hasSession: false,
    sessionFrom: null,
    health,
    budgetPerMinute: 600,
  };
  const process = { inboxDepth: 1, outboxDepth: 0, uptimeS: 90_000, memoryBytes: 220 * 1_048_576 };
  const system = { storeMs: 1, takesWrites: true, ...process };
  const said = bodyOf(healthView(system, { shown: Array.from({ length: 25 }, () => row), more: 5 }, now)).split("\n");
  const shown = said.filter((line) => line.startsWith("🔴")).length;
  expect(shown).toBeGreaterThan(15);
  expect(said.at(-1)).toBe(`… and ${30 - shown} more.`);
});

describe("/health", () => {
  const world = useWorld();

  it("says how many links it leaves out", async () => {
    const { accounts } = world().deps;
    for (let count = 0; count < 30; count += 1) {
      const { _id } = await accounts.add(userId(ASHA), brokerName("zerodha"), {});
      await accounts.update(_id, () => ({ is_active: true }));
    }
    let active = 0;
    for await (const { is_active } of accounts.allLinks()) active += Number(is_active);
    world().telegram.chat(ASHA).send("/health");
    await world().handleAll();
    const { text = "" } = world().telegram.chat(ASHA).lastFromBot() ?? {};
    const shown = text.split("\n").filter((line) => /^[🟢🔴]/u.test(line)).length;
    expect(shown).toBeGreaterThan(20);
    expect(text.split("\n").at(-1)).toBe(`… and ${active - shown} more.`);
  });
});
