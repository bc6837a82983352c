import { expect, it } from "vitest";
import { startMongo } from "../mongo-server/mongo-server.ts";
import { walkLogin } from "../conformance/browser.ts";
import { startFleet } from "./fleet.ts";
it("debug", async () => {
  const mongo = await startMongo();
  if ("skipped" in mongo) throw new Error();
  const fleet = await startFleet(mongo, 2);
  const asha = fleet.chat(1001);
  await asha.ask("/start", 20000);
  const demo = fleet.world.lab.state().brokers.find(({ name }) => name === "zerodha");
    await asha.ask("/link zerodha", 20000);
    for (const { value } of demo?.credentials ?? []) {
      await asha.until(() => /^Send the /.test(asha.lastFromBot()?.text ?? ""), 20000);
      await asha.ask(value, 20000);
    }
    const login = await asha.until(() => asha.messages().findLast((m) => m.text?.includes("Now log in at")), 20000);
    const url = login.reply_markup?.inline_keyboard[0]?.[0]?.url ?? "";
    const landed = await walkLogin(url, `${fleet.proxy.url}/oauth/zerodha/callback`);
    await fetch(landed);
  for (const t of ["/buy", "SBIN", "3", "800", "/quote SBIN"]) { await asha.ask(t, 20000); }
  await new Promise((r) => setTimeout(r, 1000));
  console.log(asha.messages().slice(-12).map((m) => `${m.from.is_bot ? "<" : ">"} ${m.text}`).join("\n"));
  console.log(fleet.members.map((m) => m.entry.output()).join("\n-----\n").slice(0, 9000));
  for (const m of fleet.members) console.log(await (await fetch(`http://127.0.0.1:${m.port}/metrics`)).text());
  await fleet.stop(); await mongo.stop();
  expect(1).toBe(1);
}, 60000);
