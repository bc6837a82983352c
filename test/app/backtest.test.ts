import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { istDate } from "../../src/domain/market.ts";
import { PRICE_SCALE } from "../../src/domain/money.ts";
import { loadNifty50 } from "../../src/services/strategies/nifty-shop/constituents.ts";
import { walk, weekdays } from "../services/strategies/prices.ts";

const run = promisify(execFile);
const DAYS = weekdays("2023-11-01", 200);

describe("npm run backtest", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "prices-"));
    const tickers = [
      ...loadNifty50()
        .everIn("2024-01-01", "2024-06-30")
        .filter((ticker) => ticker !== "HDFC"),
      "NIFTY50",
    ];
    tickers.forEach((ticker, at) => {
      const rows = walk(DAYS, at + 1).map(({ at: time, ...bar }) =>
        [istDate(time), ...[bar.open, bar.high, bar.low, bar.close].map((units) => units / PRICE_SCALE), 1_000].join(
          ",",
        ),
      );
      writeFileSync(join(folder, `${ticker}.csv`), ["Date,Open,High,Low,Close,Volume", ...rows].join("\n"));
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const backtest = (...args: string[]) => run(process.execPath, ["src/app/start.js", "backtest", ...args]);

  it("reads a folder of CSV files, prints the figures and draws the chart, the same at every run", async () => {
    const picture = join(folder, "equity.png");
    const args = ["2024-01..2024-06", "--csv", folder, "--trades", "--png", picture];
    const { stdout } = await backtest(...args);
    expect(stdout).toMatch(/CAGR\s+[+−]\d/);
    expect(stdout).toMatch(/Trades\s+\d+, \d+\/\d+ won/);
    expect(stdout).toMatch(/Charges\s+₹[\d,.]+/);
    expect(stdout).toContain("Dividends and shares from a demerger are not counted.");
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
    const again = await backtest(...args);
    const figures = (text: string) => text.replace(/Computed in .*/, "");
    expect(figures(again.stdout)).toBe(figures(stdout));
  });

  it("names the shares that have no file", async () => {
    rmSync(join(folder, "UPL.csv"));
    const { stdout } = await backtest("2024-01..2024-06", "--csv", folder);
    expect(stdout).toContain("left out: UPL");
  });

  it("prints its usage when called with wrong arguments", async () => {
    await expect(backtest("yesterday")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("2020-01..2025-07"),
    });
    const wrong = [["--fill", "never"], ["--amounts", "5"], ["--amount"], ["--capital", "0"], ["--capital", "ten"]];
    for (const options of wrong)
      await expect(backtest("2024-01..2024-06", "--csv", folder, ...options)).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^.*--(fill|amount|capital).*\nnpm run backtest/),
      });
  });
});
