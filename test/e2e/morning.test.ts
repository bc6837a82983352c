import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askRunning } from "../../src/app/control.ts";
import { linkingAs } from "./linking.ts";
import { startTestSauda, type TestSauda } from "./sauda.ts";

const ASHA = 1001;

describe("the morning's login card", () => {
  let running: TestSauda;
  let linking: ReturnType<typeof linkingAs>;
  const dir = mkdtempSync(join(tmpdir(), "sauda-morning-"));
  const home = join(dir, "playground");
  beforeAll(async () => {
    // Before the card's scheduled time, so that only the job started by the test sends one.
    running = await startTestSauda({ SAUDA_CLOCK: "2026-11-25T08:10:00+05:30" }, dir);
    linking = linkingAs(running, ASHA);
    await asha().ask("/start");
    for (const broker of ["zerodha", "angelone"]) {
      await linking.logIn(broker, await linking.typeKeysOnPage(broker));
      await running.sauda.lab?.act({ broker, action: "expireSessions" });
    }
  });
  afterAll(() => running.stop());
  const asha = () => running.playground.chat(ASHA);
  const card = () =>
    asha()
      .messages()
      .find(({ text }) => text?.startsWith("Good morning."));
  const buttons = (): string[] => (card()?.reply_markup?.inline_keyboard ?? []).flat().map(({ text }) => text);

  it("comes once, with a button for each account whose session is over", async () => {
    expect(await askRunning(home, "morning-login", null)).toBe("1 done, 0 had it already, 0 failed");
    expect(await asha().until(() => card()?.text)).toBe(
      "Good morning. 2 logins are due today.\n🔴 zerodha Zerodha\n🔴 angelone Angel One",
    );
    expect(buttons()).toEqual(["Log in: zerodha", "Log in: angelone"]);
    expect(await askRunning(home, "morning-login", null)).toBe("0 done, 1 had it already, 0 failed");
  });

  it("is edited in place as each login completes", async () => {
    const last = asha().messages().at(-1)?.message_id ?? 0;
    asha().tapButton("Log in: zerodha");
    await linking.logIn("zerodha", await linking.waitFor(/^Now log in at/, last));
    await asha().until(() => card()?.text?.includes("✅ zerodha"));
    expect(card()?.text).toContain("One login is due today");
    expect(buttons()).toEqual(["Log in: angelone"]);
    const then = asha().messages().at(-1)?.message_id ?? 0;
    asha().tapButton("Log in: angelone");
    await linking.logIn("angelone", await linking.waitFor(/^Now log in at/, then));
    await asha().until(() => card()?.text?.includes("Every account is logged in"));
    expect(buttons()).toEqual([]);
  });

  it("made no invalid Bot API call", () => {
    expect(running.playground.rejectedCalls).toEqual([]);
  });
});

describe("an account whose broker needs no person to log in", () => {
  it("is logged in again by the bot, and no morning card is sent for it", async () => {
    const dir = mkdtempSync(join(tmpdir(), "sauda-morning-"));
    const evening = await startTestSauda({ SAUDA_CLOCK: "2026-11-24T20:10:00+05:30" }, dir);
    await evening.playground.chat(ASHA).ask("/start");
    await linkingAs(evening, ASHA).link("groww");
    await evening.sauda.stop();
    const running = await startTestSauda({ SAUDA_CLOCK: "2026-11-25T08:10:00+05:30" }, dir);
    try {
      const asha = running.playground.chat(ASHA);
      expect((await asha.ask("/funds")).text).toContain("the session has ended");
      await askRunning(join(dir, "playground"), "morning-login", null);
      expect((await asha.ask("/funds")).text).toMatch(/groww\s+Available/);
      expect(asha.messages().some(({ text }) => text?.startsWith("Good morning."))).toBe(false);
    } finally {
      await running.stop();
    }
  });
});
