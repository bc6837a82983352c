import { describe, expect, it } from "vitest";
import { budgetOf } from "../../commands/health.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { brokerName, userId } from "../../src/domain/ids.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

it("/health compares the last minute's calls with a limit per minute, never with one per hour or day", () => {
  expect(budgetOf({ other: [{ count: 20, perMs: 1_000 }], consent: [{ count: 25, perMs: 86_400_000 }] })).toBe(1_200);
  expect(budgetOf({ consent: [{ count: 25, perMs: 86_400_000 }] })).toBeNull();
  for (const { name, rateLimits } of brokerDefinitions)
    expect(budgetOf(rateLimits) ?? Infinity, name).toBeGreaterThanOrEqual(50);
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
