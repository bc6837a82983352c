import { chromium, type Locator, type Page } from "playwright-core";
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
const SIZE = { width: 380, height: 760 };
/** In market hours; fixed, so that the README's pictures are the same every time. */
const MORNING = "2026-11-23T10:42:00+05:30";

/** A real browser as wide as a phone, with a bot of its own. */
export interface Phone {
  readonly page: Page;
  readonly running: TestSauda;
  readonly type: (text: string) => Promise<void>;
  /** The newest button of that name in the chat. */
  readonly button: (label: string) => Locator;
  /** Waits until the chat says it. */
  readonly saying: (text: string | RegExp) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openPhone(): Promise<Phone> {
  const running = await startTestSauda({ SAUDA_CLOCK: MORNING });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const page = await browser.newPage({
    viewport: SIZE,
    deviceScaleFactor: 2,
    colorScheme: "light",
    timezoneId: "Asia/Kolkata",
  });
  await page.clock.install({ time: MORNING });
  await page.clock.resume();
  await page.goto(running.playground.url);
  const log = page.getByRole("log");
  return {
    page,
    running,
    async type(text) {
      await page.getByRole("textbox", { name: /message/i }).fill(text);
      await page.keyboard.press("Enter");
    },
    button: (label) => log.getByRole("button", { name: label }).last(),
    saying: (text) => log.getByText(text).last().waitFor(),
    async close() {
      await browser.close();
      await running.stop();
    },
  };
}
