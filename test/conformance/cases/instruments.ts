import { expect } from "vitest";
import type { VenueInstrument } from "../../../connectors/base.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import type { Kit } from "../kit.ts";
import { future, listed, option, SYMBOLS } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

export function instrumentCases(kit: Kit): void {
  const reported = (instrument: Instrument): Instrument => kit.spec.asReported?.instrument?.(instrument) ?? instrument;

  kit.group("instruments", () => {
    kit.case("lists every instrument of the exchange with its key", async () => {
      const { exchange, rows, definition } = await kit.open();
      const { segments } = definition.capabilities;
      const served = exchange.instruments.filter(({ segment }) => segment === "INDEX" || segments.includes(segment));
      expect(rows.map(({ instrument }) => instrument.key).sort()).toEqual(served.map(({ key }) => key).sort());
      const byKey = new Map(rows.map(({ instrument }) => [instrument.key, instrument]));
      // The names differ from master to master.
      for (const instrument of served)
        expect({ ...byKey.get(instrument.key), name: "" }).toEqual({ ...reported(instrument), name: "" });
      for (const { instrument } of rows) expectFor(instrument.name.trim(), instrument.symbol).not.toBe("");
    });

    kit.case("distinguishes names with & and -, weekly and monthly options, NSE and BSE", async () => {
      const rig = await kit.open();
      const wanted = [
        ...Object.values(SYMBOLS).map((symbol) => listed(rig, symbol)),
        future(rig),
        option(rig, "weekly"),
        option(rig, "monthly"),
      ];
      for (const { key, symbol } of wanted) {
        expect(rig.table.byKey(key)?.instrument.symbol).toBe(symbol);
        expect(rig.table.bySymbol(symbol)?.instrument.key).toBe(key);
      }
    });

    kit.case("has each key and symbol once, and the broker's names in every row", async () => {
      const { rows, table } = await kit.open();
      const count = (pick: (row: VenueInstrument) => string): number => new Set(rows.map(pick)).size;
      expect(count(({ instrument }) => instrument.key)).toBe(rows.length);
      expect(count(({ instrument }) => instrument.symbol)).toBe(rows.length);
      for (const row of rows) {
        expect(row.venueSymbol.trim()).not.toBe("");
        expect(row.venueToken).toMatch(/^\S+$/);
        expect(table.bySymbol(row.instrument.symbol)).toBe(row);
      }
    });

    kit.case("reports rows that cannot be read, with a reason, and continues", async () => {
      const { rows, skipped } = await kit.open();
      expect(skipped.length).toBeGreaterThan(0);
      for (const reason of skipped) expect(reason.trim()).not.toBe("");
      expect(rows.length).toBeGreaterThan(800);
    });

    kit.case("throws when the master is unavailable, instead of ending early", async () => {
      const rig = await kit.open();
      const { name } = rig.definition;
      rig.server.inject(name, { kind: "html-502" });
      const read = async (): Promise<void> => {
        for await (const row of rig.connector.getInstruments?.({ onSkipped: () => undefined }) ?? [])
          expect(row).toBeDefined();
      };
      await expect(read()).rejects.toMatchObject({ name: "BrokerError", broker: name });
    });
  });
}
