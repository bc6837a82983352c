import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMongo } from "../mongo-server/mongo-server.ts";
import { startFleet, type Fleet } from "./fleet.ts";

const started = await startMongo();
const mongo = "skipped" in started || !started.isOurs ? null : started;
afterAll(async () => {
  if (!("skipped" in started)) await started.stop();
});

const ASHA = 1001;
const WAIT_MS = 60_000;
/** Longer than the driver's heartbeat and timeout, so that it gives up on the server and on every call in progress. */
const HANGS_MS = 22_000;

describe.skipIf(mongo === null)("polling with MongoDB", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    if (!mongo) throw new Error("no server");
    fleet = await startFleet(mongo, 1, "polling");
    await asha().ask("/start", WAIT_MS);
  }, 60_000);
  afterAll(() => fleet.stop(), 30_000);

  const asha = () => fleet.chat(ASHA);
  const answered = (): string[] =>
    asha()
      .messages()
      .flatMap((message) => (message.from.is_bot ? (/broker called “(\w+)”/.exec(message.text ?? "")?.[1] ?? []) : []));

  it("lets one process poll; the second says so, waits, and takes over when the first is killed", async () => {
    const second = await fleet.add();
    while (!second.entry.output().includes("another process is polling")) await pause(50);
    await asha().ask("/link before", WAIT_MS);
    await fleet.settled();
    await fleet.members[0]?.kill();
    asha().send("/link after");
    await asha().until(() => answered().includes("after"), WAIT_MS);
    expect(answered()).toEqual(["before", "after"]);
    expect(await second.metric("sauda_updates_total")).toBeGreaterThan(0);
  }, 90_000);

  it("answers everything that was sent while MongoDB was down, in order, once MongoDB is back", async () => {
    if (!mongo) throw new Error("no server");
    await mongo.kill();
    const names = Array.from({ length: 8 }, (_, at) => `down${at}`);
    for (const name of names) asha().send(`/link ${name}`);
    await pause(8_000);
    const [, member] = fleet.members;
    expect((await fetch(`http://127.0.0.1:${member?.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${member?.port}/readyz`)).status).toBe(503);
    expect(answered()).not.toContain("down0");
    await mongo.restart();
    await asha().until(() => answered().includes("down7"), WAIT_MS);
    expect(answered().filter((name) => name.startsWith("down"))).toEqual(names);
    expect((await fetch(`http://127.0.0.1:${member?.port}/readyz`)).status).toBe(200);
  }, 120_000);

  it("survives a MongoDB that hangs with its connections open, and then answers what was sent meanwhile", async () => {
    if (!mongo) throw new Error("no server");
    const hanging = mongo.stall(HANGS_MS);
    asha().send("/link hung");
    await pause(HANGS_MS / 2);
    const [, member] = fleet.members;
    expect((await fetch(`http://127.0.0.1:${member?.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${member?.port}/readyz`)).status).toBe(503);
    await hanging;
    await asha().until(() => answered().includes("hung"), WAIT_MS);
    expect(answered().filter((name) => name === "hung")).toEqual(["hung"]);
    while ((await fetch(`http://127.0.0.1:${member?.port}/readyz`)).status !== 200) await pause(200);
  }, 120_000);

  it("waits at start-up for a MongoDB that cannot be reached yet, says so, and starts once it can", async () => {
    if (!mongo) throw new Error("no server");
    await mongo.kill();
    const before = fleet.members.length;
    const starting = fleet.add();
    starting.catch(() => undefined);
    while (fleet.members.length === before) await pause(10);
    const third = fleet.members.at(-1);
    while (!third?.entry.output().includes("MongoDB cannot be reached; waiting for it")) await pause(50);
    expect(third.entry.output()).not.toContain(fleet.world.telegram.token);
    expect((await fetch(`http://127.0.0.1:${third.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${third.port}/readyz`)).status).toBe(503);
    await mongo.restart();
    await starting;
    expect((await fetch(`http://127.0.0.1:${third.port}/readyz`)).status).toBe(200);
  }, 120_000);
});
