import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Access, ConnectorDeps } from "../../connectors/base.ts";
import { openPaper } from "../../src/app/paper.ts";
import { depthLink } from "../../src/bot/price-link.ts";
import type { BotDeps } from "../../src/bot/commands.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import { istInstant } from "../../src/domain/market.ts";
import type { LinkId, UserId } from "../../src/domain/ids.ts";

const NOW = istInstant("2026-11-23", "10:42");

function paperBeside() {
  const dataDir = mkdtempSync(join(tmpdir(), "paper-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const clock = { now: () => NOW, sleep: async () => undefined };
  const none = { name: "yfinance" as const, getQuotes: async () => new Map(), getHistoricalData: async () => [] };
  const paper = openPaper({ dataDir, clock, prices: none, onFailure: () => undefined });
  onTestFinished(() => paper.close());
  return paper.definition;
}

describe("the paper broker beside real ones", () => {
  it("shows no order book, since its own is made up", async () => {
    const definition = paperBeside();
    const connector = definition.create({ now: () => NOW } as ConnectorDeps);
    const listed = connector.getInstruments?.({ onSkipped: () => undefined });
    const first: Instrument | undefined = (await listed?.[Symbol.asyncIterator]().next())?.value?.instrument;
    expect(definition.capabilities).toMatchObject({ depth: false, candles: false });
    await expect(connector.getOrderbook({} as Access, first as Instrument)).rejects.toMatchObject({ kind: "rejected" });
  });
});

describe("where order books come from", () => {
  const DEPTHS: Readonly<Record<string, boolean>> = { paper: false, acme: true, zenith: true };
  const linkFrom = (names: readonly string[], defaultLink: string | null, loggedIn: readonly string[] = names) => {
    const accounts = {
      active: async () => names.map((name) => ({ _id: name, broker_name: name })),
      broker: ({ broker_name }: { broker_name: string }) => ({
        definition: { capabilities: { depth: DEPTHS[broker_name] } },
      }),
      hasSession: ({ _id }: { _id: string }) => loggedIn.includes(_id),
    };
    const user = { _id: "1" as UserId, defaultLink: defaultLink as LinkId | null };
    return depthLink({ accounts } as unknown as BotDeps, user).then((link) => link?._id ?? null);
  };

  it("is the default account, but one whose broker has them, and best one that is logged in", async () => {
    expect(await linkFrom(["paper", "acme", "zenith"], "zenith")).toBe("zenith");
    expect(await linkFrom(["paper", "acme", "zenith"], "paper")).toBe("acme");
    expect(await linkFrom(["paper", "acme", "zenith"], "paper", ["zenith"])).toBe("zenith");
    expect(await linkFrom(["paper", "acme"], "paper", [])).toBe("acme");
    expect(await linkFrom(["paper"], "paper")).toBeNull();
    expect(await linkFrom([], null)).toBeNull();
  });
});
