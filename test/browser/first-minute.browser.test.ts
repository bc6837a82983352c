import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPhone, type Phone } from "./phone.ts";

let phone: Phone;

beforeAll(async () => {
  phone = await openPhone();
});

afterAll(() => phone?.close());

it("the chat page leads from /start to a filled order and its position in a phone-size browser", async () => {
  const { page, type, button, saying } = phone;
  await page.getByText("Local simulation").first().waitFor();

  await type("/start");
  await button("Open a paper account").click();
  await saying(/account is open/);

  await type("/buy SBIN 10");
  await saying("BUY 10 SBIN");
  await button("Confirm buy").click();
  await saying(/Filled 10/);

  await type("/positions");
  await saying(/SBIN CNC/);
  await page.waitForTimeout(400);
  mkdirSync("docs", { recursive: true });
  await page.screenshot({ path: "docs/playground.png" });

  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(overflow).toBe(0);
  expect(phone.running.playground.rejectedCalls).toEqual([]);
});

it("every broker's card in the drawer is as wide as the phone, with its switches in sight", async () => {
  const { page } = phone;
  await page.getByRole("button", { name: "Simulated brokers" }).click();
  const cards = page.locator(".lab-broker");
  const cut: string[] = [];
  for (const card of await cards.all()) {
    if ((await card.getAttribute("open")) === null) await card.locator("summary").click();
    const [all, seen] = [
      await card.evaluate((each) => each.scrollWidth),
      await card.evaluate((each) => each.clientWidth),
    ];
    if (all > seen) cut.push(await card.locator("strong").innerText());
  }
  expect(cut).toEqual([]);
  await page.keyboard.press("Escape");
});

it("the labels of the buttons under /settings fit without being cut", async () => {
  await phone.type("/settings");
  await phone.saying("Tap to change.");
  await phone.button("silent").first().click();
  await phone.saying("Tap to change.");
  const labels = await phone.page
    .locator(".key-label")
    .evaluateAll((all: { scrollWidth: number; clientWidth: number; textContent: string }[]) =>
      all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent),
    );
  expect(labels).toEqual([]);
});
