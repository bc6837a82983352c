import { describe, expect, it } from "vitest";
import { withSection, type Section } from "../../bench/results.ts";
import { slope } from "../../bench/stats.ts";

describe("the page of benchmark results", () => {
  const ORDER = ["start", "update", "soak"];
  const section = (name: string, output: string, problem: string | null = null): Section => ({
    name,
    about: `What ${name} does.`,
    measured: "2026-11-29 · 2 × some CPU",
    output,
    problem,
  });
  const page = (...sections: Section[]): string => sections.reduce((text, each) => withSection(text, each, ORDER), "");

  it("replaces the section of a benchmark that was run again and keeps the others, in the list's order", () => {
    const first = page(section("soak", "flat"), section("start", "slow"));
    const second = withSection(first, section("start", "fast"), ORDER);
    expect(second).toContain("fast");
    expect(second).not.toContain("slow");
    expect(second.indexOf("## start")).toBeLessThan(second.indexOf("## soak"));
    expect(second.match(/^## /gm)).toHaveLength(3);
  });

  it("keeps the hand-written part, however often the page is written", () => {
    const byHand = `${page(section("start", "slow"))}One fix: 2 ms → 1 ms.\n\n## Older\n\nMore of it.\n`;
    const again = withSection(withSection(byHand, section("update", "x"), ORDER), section("start", "fast"), ORDER);
    expect(again.slice(again.indexOf("## Before and after"))).toBe(byHand.slice(byHand.indexOf("## Before and after")));
  });

  it("says when a goal was missed or a run was aborted", () => {
    expect(page(section("soak", "", "did not end within 5 s"))).toContain("did not end within 5 s");
    expect(page(section("soak", "flat"))).not.toContain("Goal missed");
  });

  it("computes slopes by least squares", () => {
    expect(slope([0, 1, 2, 3].map((x) => [x, 5 + 2 * x + (x % 2 === 0 ? 0.1 : -0.1)] as const))).toBeCloseTo(1.96);
    expect(slope([0, 1, 2].map((x) => [x, 7] as const))).toBe(0);
  });
});
