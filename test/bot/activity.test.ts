import { describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import { activityView } from "../../src/bot/render/activity.ts";
import { pageOf } from "../../src/bot/render/page.ts";
import { ASHA, VIKRAM } from "../fuzz/world.ts";
import { useWorld } from "./world.ts";

describe("/activity", () => {
  const world = useWorld();

  async function ask(from: number, ...typed: readonly string[]): Promise<string> {
    for (const each of typed) {
      world().telegram.chat(from).send(each);
      await world().handleAll();
    }
    return world().telegram.chat(from).lastFromBot()?.text ?? "";
  }

  it("lists what changed about access, accounts, locks and limits, newest first, under its day", async () => {
    const said = await ask(ASHA, "/lock", "/lock off", "/limits orders 10", "/activity");
    expect(said).toMatch(/^Activity\n\d+ \w{3} 20\d\d\n/);
    const [limit, unlocked, locked] = ["Orders a day: 10", "Trading unlocked", "Trading locked"].map((text) =>
      said.indexOf(text),
    );
    expect([limit, unlocked, locked].every((at = -1) => at > 0)).toBe(true);
  });

  it("tells the owner by name whom they gave which role, and that person only about themselves", async () => {
    const owner = await world().deps.users.get(userId(ASHA));
    if (owner === null) throw new Error("no owner");
    await world().deps.admission.decide(owner, userId(VIKRAM), "viewer");
    await world().deps.admission.decide(owner, userId(VIKRAM), "outsider");
    expect(await ask(ASHA, "/activity")).toContain("Vikram: other trader");
    const toldVikram = await ask(VIKRAM, "/activity");
    expect(toldVikram).toContain("You are: other trader");
    expect(toldVikram).not.toContain("Vikram:");
  });

  it("shows eight at a time", async () => {
    for (let count = 1; count <= 9; count += 1) await ask(ASHA, `/limits orders ${count}`);
    const first = await ask(ASHA, "/activity");
    expect(first.match(/Orders a day/g)).toHaveLength(8);
    world().telegram.chat(ASHA).tapButton("›");
    await world().handleAll();
    expect(world().telegram.chat(ASHA).lastFromBot()?.text).toContain("Orders a day");
  });
});

it("says what would be listed while nothing is", () => {
  expect(activityView(pageOf([], 0), String).html.toString()).toContain("Nothing yet.");
});

it("begins a day's entries with its date, once", () => {
  const at = (time: string): number => Date.parse(`${time}+05:30`);
  const entries = [
    { at: at("2026-11-24T09:12:30"), event: { what: "logged-in", account: "zerodha" } },
    { at: at("2026-11-24T00:00:00"), event: { what: "frozen" } },
    { at: at("2026-11-23T23:59:59"), event: { what: "linked", account: "zerodha" } },
  ] as const;
  expect(
    activityView(pageOf(entries, 0), String)
      .html.toString()
      .replaceAll(/<[^>]*>/g, "")
      .split("\n"),
  ).toEqual([
    "Activity",
    "24 Nov 2026",
    "09:12 zerodha: logged in",
    "00:00 Trading locked",
    "23 Nov 2026",
    "23:59 zerodha: linked",
  ]);
});
