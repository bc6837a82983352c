import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;

describe("prices, pictures, alerts and the strategy in the chat", () => {
  let running: TestSauda;
  beforeAll(async () => {
    running = await startTestSauda();
    await asha().ask("/start");
    asha().tapButton("Open a paper account");
    await saying("account is open");
  });
  afterAll(() => running.stop());

  const asha = () => running.playground.chat(ASHA);
  const texts = () =>
    asha()
      .messages()
      .map((message) => message.text ?? message.caption ?? "");
  const saying = (words: string) => asha().until(() => texts().findLast((text) => text.includes(words)));

  it("draws a chart with its figures in the caption, and redraws it for another range at a tap", async () => {
    const sent = await asha().ask("/chart SBIN 6mo");
    expect(sent.caption).toMatch(/SBIN.*\n.*over the chart[^]* · (as of \d\d:\d\d IST|closed \d+ \w+ \d{4})/);
    asha().tapButton("1mo");
    const redrawn = await asha().until(() =>
      asha()
        .messages()
        .find((message) => message.message_id === sent.message_id && message.caption !== sent.caption),
    );
    expect(redrawn.caption).toContain("SBIN");
  });

  it("draws dark pictures once /settings is switched to dark", async () => {
    await asha().ask("/settings");
    asha().tapButton("Pictures: light");
    await asha().until(() => JSON.stringify(asha().messages()).includes("Pictures: dark") || undefined);
    expect((await asha().ask("/chart SBIN 1mo")).caption).toContain("SBIN");
  });

  it("arms an alert, refuses one whose condition is already true, lists and removes alerts", async () => {
    const armed = await asha().ask("/alert SBIN > 99999");
    expect(armed.text).toMatch(/Armed: SBIN at or above ₹99,999\.00\b[^]*\nNow ₹[\d,.]+\. 📄 Paper · /);
    expect((await asha().ask("/alert SBIN > 1")).text).toMatch(/so already[^]*\. 📄 Paper · /);
    expect((await asha().ask("/alert")).text).toContain("1 armed");
    asha().tapButton("✕ SBIN at or above ₹99,999.00");
    await saying("No alert is armed");
    expect((await asha().ask("/alert what")).text).toContain("Like this");
    // An alert's order that could not be placed is refused now, while the person can still correct it.
    expect((await asha().ask("/alert SBIN < 2 buy 10 on zerodha9")).text).toContain("No account is called “zerodha9”");
    await asha().ask("/alert SBIN < 2 sell all");
    await asha().ask("/alert");
    const listed = asha().lastFromBot()?.reply_markup?.inline_keyboard.flat();
    expect(listed?.map(({ text }) => text)).toContain("✕ SBIN at or below ₹2.00 · Sell all");
    asha().tapButton("✕ SBIN at or below ₹2.00 · Sell all");
    await saying("No alert is armed");
  });

  it("keeps a watchlist", async () => {
    expect((await asha().ask("/watch")).text).toContain("is empty");
    expect((await asha().ask("/watch SBIN")).text).toMatch(/SBIN\s+[\d,.]+/);
    expect((await asha().ask("/watch INFY")).text).toMatch(/INFY\s+[\d,.]+/);
    expect((await asha().ask("/watch -SBIN")).text).not.toContain("SBIN");
    expect((await asha().ask("/watch SBIN, ITC")).text).toMatch(/INFY[^]*SBIN[^]*ITC/);
  });

  it("shows the dashboard, with a picture once there are shares", async () => {
    await asha().ask("/buy SBIN 10");
    asha().tapButton("Confirm buy");
    await saying("Filled 10");
    const sent = await asha().ask("/dashboard");
    expect(sent.text ?? sent.caption).toMatch(/Available\s+₹/);
  });

  it("has the strategy off at first, warns of a time in the closing auction, proposes orders, and turns an approved one into a ticket", async () => {
    expect((await asha().ask("/niftyshop")).text).toContain("is off");
    expect((await asha().ask("/niftyshop settings time 15:22")).text).toContain("closing auction");
    expect((await asha().ask("/niftyshop settings time 15:00")).text).not.toContain("closing auction");
    const dry = await asha().ask("/niftyshop run");
    expect(dry.text).toContain("Dry run");
    expect(dry.text).toContain("Below SMA20");
    expect((await asha().ask("/niftyshop")).text).toMatch(/is off\.\nIn its dry run it holds:\n/);
    await asha().ask("/niftyshop settings");
    const settingsSay = (words: string) =>
      asha().until(() => JSON.stringify(asha().messages()).includes(words) || undefined);
    asha().tapButton("Mode: off");
    await settingsSay("Mode: dry");
    asha().tapButton("Mode: dry");
    await settingsSay("Mode: on, with approval");
    const proposal = await asha().ask("/niftyshop run");
    expect(proposal.text).toMatch(/1\. Buy \d+ /);
    asha().tapButton("Skip");
    await saying("Skipped.");
    expect((await asha().ask("/niftyshop history")).text).toContain("skipped");

    const second = await asha().ask("/niftyshop run");
    const [, wanted = "0"] = /Buy (\d+) /.exec(second.text ?? "") ?? [];
    const half = Math.floor(Number(wanted) / 2);
    asha().tapButton("Edit");
    await settingsSay("Double");
    asha().tapButton("Half");
    asha().tapButton("Done");
    await settingsSay("Approve");
    asha().tapButton("Approve");
    await saying(`BUY ${half} `);
    // Edit leads back to the proposal, because a freely edited order would no longer be the strategy's.
    asha().tapButton("Edit");
    await settingsSay("Double");
    asha().tapButton("Done");
    await asha().until(() => !JSON.stringify(asha().messages()).includes("Double") || undefined);
    asha().tapButton("Approve");
    await settingsSay("Confirm buy");
    asha().tapButton("Confirm buy");
    await saying("Filled");
    const status = (await asha().ask("/niftyshop")).text ?? "";
    expect(status).toContain("on: proposes");
    expect(status).toMatch(new RegExp(` ${half} @ `));
  });

  it("answers inline queries with prices, marked where they are paper, and without any account data", async () => {
    const answer = await asha().inline("sbin");
    const said = JSON.stringify(answer);
    expect(said).toContain("SBIN");
    expect(said).toMatch(/₹[\d,.]+/);
    expect(said).toContain("📄 Paper · ");
    expect(said.replaceAll("📄 Paper", "")).not.toMatch(/paper|holding|average/i);
    const stranger = running.playground.chat(1002);
    await stranger.ask("/start");
    expect(JSON.stringify(await stranger.inline("sbin"))).not.toContain("₹");
  });

  it("runs a backtest on the data source's prices and shows its result", async () => {
    await asha().ask("/niftyshop backtest 2025-10..2026-10");
    const result = await saying("CAGR");
    expect(result).toMatch(/Trades\s+\d+, \d+\/\d+ won/);
    expect(result).toContain("Daily prices: ");
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});
