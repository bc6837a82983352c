import { mkdirSync } from "node:fs";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestSauda, type TestSauda } from "../e2e/sauda.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PHONE = { width: 380, height: 760 };

/** The market is open, and the picture in the README is the same every time. */
const MORNING = "2026-11-23T10:42:00+05:30";

let running: TestSauda;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  running = await startTestSauda({ SAUDA_CLOCK: MORNING });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  page = await browser.newPage({
    viewport: PHONE,
    deviceScaleFactor: 2,
    colorScheme: "light",
    timezoneId: "Asia/Kolkata",
  });
  await page.clock.install({ time: MORNING });
  await page.clock.resume();
});

afterAll(async () => {
  await browser?.close();
  await running?.stop();
});

async function type(text: string): Promise<void> {
  await page.getByRole("textbox", { name: /message/i }).fill(text);
  await page.keyboard.press("Enter");
}

const lastBubble = (text: string | RegExp): Locator => page.getByRole("log").getByText(text).last();
const tap = (label: string): Promise<void> => page.getByRole("log").getByRole("button", { name: label }).last().click();

it("goes from /start to a filled order and its position in a phone-size browser", async () => {
  await page.goto(running.playground.url);
  await page.getByText("Local simulation").first().waitFor();

  await type("/start");
  await tap("Open a paper account");
  await lastBubble(/account is open/).waitFor();

  await type("/buy SBIN 10");
  await lastBubble("BUY 10 SBIN").waitFor();
  await tap("Confirm buy");
  await lastBubble(/Filled 10/).waitFor();

  await type("/positions");
  await lastBubble(/SBIN CNC/).waitFor();
  await page.waitForTimeout(400);
  mkdirSync("docs", { recursive: true });
  await page.screenshot({ path: "docs/playground.png" });

  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(overflow).toBe(0);
  expect(running.playground.rejectedCalls).toEqual([]);
});
