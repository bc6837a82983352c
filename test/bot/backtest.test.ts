import { afterEach, describe, expect, it, vi } from "vitest";
import { brokerName } from "../../src/domain/ids.ts";
import { BrokerError } from "../../src/errors.ts";
import type { BacktestReport } from "../../src/services/strategies/nifty-shop/backtests.ts";
import { ASHA } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("a backtest in the chat", () => {
  const world = useWorld();
  afterEach(() => vi.restoreAllMocks());
  const chat = () => world().telegram.chat(ASHA);
  async function ask(typed: string): Promise<string | undefined> {
    chat().send(typed);
    await world().handleAll();
    return chat().lastFromBot()?.text;
  }

  it("does not keep the next command waiting while years of prices are read, and tells a failure in the end", async () => {
    const { promise, reject } = Promise.withResolvers<BacktestReport>();
    vi.spyOn(world().deps.backtests, "run").mockReturnValue(promise);
    expect(await ask("/niftyshop backtest 2020-01..2025-07")).toContain("Reading 63 shares’ prices.");
    expect(await ask("/quote SBIN")).toContain("State Bank of India");
    reject(new BrokerError("rate-limited", "slow down", { broker: brokerName("yahoo"), endpoint: "GET /chart" }));
    await chat().until(() => chat().lastFromBot()?.text?.includes("Yahoo gives no prices right now."));
  });
});
