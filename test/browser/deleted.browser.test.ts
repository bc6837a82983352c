import { afterAll, beforeAll, expect, it } from "vitest";
import { openPhone, type Phone } from "./phone.ts";

let phone: Phone;

beforeAll(async () => {
  phone = await openPhone();
});

afterAll(() => phone?.close());

it("a PIN that the bot has deleted is gone from the page, also if the page hears late that it was sent", async () => {
  const { page, type, saying } = phone;
  await type("/lock pin");
  await saying("Send the PIN");
  const answered = Promise.withResolvers<void>();
  await page.route("**/api/send", async (route) => {
    const response = await route.fetch();
    await saying("PIN set.");
    await route.fulfill({ response });
    answered.resolve();
  });
  await type("4829");
  await answered.promise;
  await page.unroute("**/api/send");
  await type("/lock status");
  await saying("Orders also need your PIN.");
  // It takes a moment to leave.
  await expect.poll(() => page.getByRole("log").innerText(), { timeout: 3_000 }).not.toContain("4829");
  expect(phone.running.playground.rejectedCalls).toEqual([]);
});
