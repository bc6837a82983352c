import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPhone, type Phone } from "./phone.ts";

let phone: Phone;

beforeAll(async () => {
  phone = await openPhone();
});

afterAll(() => phone?.close());

/** The page that a button of the chat opens. */
async function opened(label: string): Promise<Page> {
  const [tab] = await Promise.all([phone.page.context().waitForEvent("page"), phone.button(label).click()]);
  await tab.waitForLoadState();
  return tab;
}

async function link(broker: string, title: string, logIn: string): Promise<void> {
  const keys = phone.running.sauda.lab?.state().brokers.find(({ name }) => name === broker)?.credentials ?? [];
  await phone.type(`/link ${broker}`);
  // Waits for this broker's message: the other broker's button of the same name is still in the chat.
  await phone.saying(`Enter the keys of ${title}`);
  const form = await opened("Enter the keys");
  for (const { field, value } of keys) await form.locator(`[name="${field}"]`).fill(value);
  await form.getByRole("button", { name: "Store them" }).click();
  await phone.saying(new RegExp(`Now log in at ${title}`));
  await form.close();
  const login = await opened(`Log in at ${title}`);
  await login.getByRole("button", { name: logIn }).click();
  await phone.saying(`${title} is linked.`);
  await login.close();
}

it("two brokers are linked over their own login pages, and /holdings shows their holdings merged", async () => {
  const { page, type, saying } = phone;
  await link("zerodha", "Zerodha", "Login");
  await link("fyers", "Fyers", "Log in as");
  await type("/holdings");
  await saying(/SBIN/);
  await page.waitForTimeout(400);
  await page.screenshot({ path: "docs/holdings.png" });
  expect(phone.running.playground.rejectedCalls).toEqual([]);
});
