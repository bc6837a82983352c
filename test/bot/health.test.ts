import { expect, it } from "vitest";
import { budgetOf } from "../../commands/health.ts";
import { brokerDefinitions } from "../../connectors/index.ts";

it("/health compares the last minute's calls with a limit per minute, never with one per hour or day", () => {
  expect(budgetOf({ other: [{ count: 20, perMs: 1_000 }], consent: [{ count: 25, perMs: 86_400_000 }] })).toBe(1_200);
  expect(budgetOf({ consent: [{ count: 25, perMs: 86_400_000 }] })).toBeNull();
  for (const { name, rateLimits } of brokerDefinitions)
    expect(budgetOf(rateLimits) ?? Infinity, name).toBeGreaterThanOrEqual(50);
});
