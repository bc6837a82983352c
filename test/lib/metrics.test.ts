import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createMetrics } from "../../src/lib/metrics.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("metrics are there within five seconds, although what waits in the store cannot be counted while it hangs", async () => {
  const metrics = createMetrics();
  metrics.count("sauda_updates_total");
  metrics.gauge("sauda_outbox_depth", () => new Promise(() => undefined));
  metrics.gauge("sauda_inbox_depth", () => new Promise(() => undefined));
  let text = "";
  void metrics.text().then((written) => (text = written));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(text).toContain("sauda_updates_total 1");
  expect(text).toContain("sauda_outbox_depth NaN");
  expect(text).toContain("sauda_inbox_depth NaN");
  expect(vi.getTimerCount()).toBe(0);
});
