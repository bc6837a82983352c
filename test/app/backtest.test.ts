import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDays, istDate, istInstant } from "../../src/domain/market.ts";
import { PRICE_SCALE } from "../../src/domain/money.ts";
import { loadNifty50 } from "../../src/services/strategies/nifty-shop/constituents.ts";
import { walk, weekdays } from "../services/strategies/prices.ts";
import { runEntry } from "./run.ts";

const run = promisify(execFile);
const NO_DATA = JSON.stringify({
  chart: { result: null, error: { code: "Not Found", description: "No data found, symbol may be delisted" } },
});
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

  it("asks Yahoo for no price of today, which is not a close yet, whatever the range", async () => {
    const asked: number[] = [];
    const yahoo = createServer(({ url = "" }, reply) => {
      asked.push(Number(new URL(url, "http://yahoo").searchParams.get("period2")) * 1_000);
      reply.writeHead(404, { "content-type": "application/json" }).end(NO_DATA);
    });
    await once(yahoo.listen(0, "127.0.0.1"), "listening");
    const settings = {
      DATA_DIR: folder,
      YAHOO_API_ROOT: `http://127.0.0.1:${(yahoo.address() as AddressInfo).port}`,
    };
    const today = istDate(Date.now());
    const range = `${addDays(today, -60)}..${addDays(today, 60)}`;
    const { out } = await runEntry(["backtest", range], settings).ended;
    yahoo.close();
    expect(out).toContain("no prices between");
    expect(asked.length).toBeGreaterThan(50);
    expect(Math.max(...asked)).toBeGreaterThan(istInstant(addDays(today, -1)));
    expect(Math.max(...asked)).toBeLessThan(istInstant(istDate(Date.now())));
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
