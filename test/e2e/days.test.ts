import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askRunning } from "../../src/app/control.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;

describe("daily jobs and the records that they keep", () => {
  let running: TestSauda;
  const dir = mkdtempSync(join(tmpdir(), "sauda-days-"));
  const home = join(dir, "playground");
  beforeAll(async () => {
    running = await startTestSauda({ SAUDA_CLOCK: "2026-11-23T14:00:00+05:30" }, dir);
    asha().send("/start");
    await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.text?.includes("Hello")),
    );
    asha().tapButton("Open a paper account");
    await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.text?.includes("account is open")),
    );
    await asha().ask("/buy SBIN 10");
    asha().tapButton("Confirm buy");
    await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.text?.includes("Filled 10")),
    );
  });
  afterAll(() => running.stop());
  const asha = () => running.playground.chat(ASHA);

  it("shows today's sessions and the next holiday", async () => {
    const { text } = await asha().ask("/market");
    expect(text).toContain("Market, 23 Nov 2026");
    expect(text).toContain("15:50–16:00");
    expect(text).toContain("Next trading day: 25 Nov 2026");
    expect(text).toContain("Next holiday: 24 Nov 2026, Guru Nanak Jayanti");
  });

  it("has no chart before the first close, and says how days are kept", async () => {
    expect((await asha().ask("/pnl chart")).text).toMatch(
      /^Nothing is recorded yet\. Each trading day after the close/,
    );
  });

  it("runs the closing digest once when asked through the running process, and not again", async () => {
    expect(await askRunning(home, "closing-digest", String(ASHA))).toBe("1 done, 0 had it already, 0 failed");
    const digest = await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.caption?.includes("Close of 23 Nov 2026")),
    );
    expect(digest.photo).toBeDefined();
    expect(digest.caption).toContain("Net of charges");
    expect(digest.caption).toMatch(/Orders: 1\./);
    expect(await askRunning(home, "closing-digest", null)).toBe("0 done, 1 had it already, 0 failed");
  });

  it("runs the other jobs too, and returns null for an unknown one", async () => {
    expect(await askRunning(home, "morning-login", null)).toMatch(/^\d done, \d had it already, 0 failed$/);
    expect(await askRunning(home, "nifty-shop", null)).toContain("not switched on");
    expect(await askRunning(home, "reconcile", null)).toContain("looked at");
    expect(await askRunning(home, "make-me-rich", null)).toBeNull();
  });

  it("answers /pnl for every period from the daily snapshots", async () => {
    expect((await asha().ask("/pnl")).text).toContain("P&L today");
    const week = await asha().ask("/pnl week");
    expect(week.text).toContain("P&L this week · 📄 Paper\n");
    expect(week.text).toContain("One day kept: 23 Nov 2026.");
    expect(week.text).not.toContain("Best,");
    asha().tapButton("Month");
    await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.text?.includes("P&L this month")),
    );
    expect((await asha().ask("/pnl since 2026-04-01")).text).toContain("P&L since 1 Apr 2026");
    expect((await asha().ask("/pnl 2026-11")).text).toMatch(/P&L in Nov 2026[^]*One day kept: 23 Nov 2026/);
    expect((await asha().ask("/pnl last month")).text).toMatch(/P&L in Oct 2026\nNothing is recorded for/);
    expect((await asha().ask("/pnl 2026-11-20")).text).toMatch(/P&L on 20 Nov 2026\nNothing is recorded for/);
    expect((await asha().ask("/pnl last week")).text).toMatch(/P&L last week\nNothing is recorded for/);
    expect((await asha().ask("/pnl since yesterday")).text).toContain("Which day?");
    expect((await asha().ask("/pnl decade")).text).toContain("/pnl chart");
    expect((await asha().ask("/pnl 2026")).text).toContain("/pnl chart");
    const chart = await asha().ask("/pnl chart");
    expect(chart.photo).toBeDefined();
    expect(chart.caption).toContain("1 day to 23 Nov 2026 · 📄 Paper\n");
  });

  it("changes every setting by its button", async () => {
    const card = await asha().ask("/settings");
    const shown = () =>
      asha()
        .messages()
        .find((message) => message.message_id === card.message_id);
    const labels = (): string[] =>
      (shown()?.reply_markup?.inline_keyboard ?? []).flatMap((row) => row.map((button) => button.text));
    for (const [before, after] of [
      ["Closing at 15:50", "Closing at 16:10"],
      ["Quiet: never", "Quiet: 22:00–07:00"],
      ["Quiet: 22:00–07:00", "Quiet: 20:00–08:00"],
      ["Quiet: 20:00–08:00", "Quiet: 16:00–08:00"],
      ["Quiet: 16:00–08:00", "Quiet: never"],
      ["Amounts: rupees", "Amounts: percent"],
      ["Opening at 09:00", "Opening at 09:10"],
      ["Logins at 08:30", "Logins at 08:45"],
      ["Pictures: light", "Pictures: dark"],
      ["Protection 1%", "Protection 2%"],
    ] as const) {
      asha().tapButton(before);
      await asha().until(() => labels().includes(after));
    }
    const chosen = (): string =>
      labels()
        .filter((label) => label.startsWith("●"))
        .join(" ");
    expect(chosen()).toBe("● on ● on ● on ● on ● off ● on ● on");
    // The first row's, of orders.
    asha().tapButton("off");
    await asha().until(() => chosen() === "● off ● on ● on ● on ● off ● on ● on");
  });

  it("shows no amount and no quantity to a user who hides them", async () => {
    expect((await asha().ask("/settings")).text).toContain("Amounts are in percent");
    for (const command of ["/positions", "/holdings", "/funds", "/pnl", "/pnl month", "/dashboard", "/niftyshop"]) {
      const answer = await asha().ask(command);
      const said = (answer.text ?? answer.caption ?? "").replaceAll(/\b\d\d:\d\d(:\d\d)?\b/g, "");
      expect(said, command).not.toMatch(/₹\d/);
      expect(said, command).not.toMatch(/\b10\b/);
    }
    expect((await asha().ask("/positions")).text).toMatch(/long @ [\d,.]+[^]*Unrealised +[+−]?\d+\.\d\d%/);
    expect((await asha().ask("/funds")).text).toMatch(/Available +\d+\.\d\d%/);
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
