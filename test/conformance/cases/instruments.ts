import { expect } from "vitest";
import type { VenueInstrument } from "../../../connectors/base.ts";
import type { Instrument } from "../../../src/domain/instrument.ts";
import type { Kit } from "../kit.ts";
import { future, listed, option, SYMBOLS } from "../tickets.ts";
import { expectFor } from "../expect-for.ts";

export function instrumentCases(kit: Kit): void {
  const told = (instrument: Instrument): Instrument => kit.spec.asTold?.instrument?.(instrument) ?? instrument;

  kit.group("instruments", () => {
    kit.case("lists what the exchange lists, each under its own identity", async () => {
      const { exchange, rows, definition } = await kit.open();
      const { segments } = definition.capabilities;
      const own = exchange.instruments.filter(({ segment }) => segment === "INDEX" || segments.includes(segment));
      expect(rows.map(({ instrument }) => instrument.key).sort()).toEqual(own.map(({ key }) => key).sort());
      const byKey = new Map(rows.map(({ instrument }) => [instrument.key, instrument]));
      // Every master has its own words for the name.
      for (const instrument of own)
        expect({ ...byKey.get(instrument.key), name: "" }).toEqual({ ...told(instrument), name: "" });
      for (const { instrument } of rows) expectFor(instrument.name.trim(), instrument.symbol).not.toBe("");
    });

    kit.case("tells names with & and -, weekly from monthly, and the two exchanges apart", async () => {
      const street = await kit.open();
      const wanted = [
        ...Object.values(SYMBOLS).map((symbol) => listed(street, symbol)),
        future(street),
        option(street, "weekly"),
        option(street, "monthly"),
      ];
      for (const { key, symbol } of wanted) {
        expect(street.table.byKey(key)?.instrument.symbol).toBe(symbol);
        expect(street.table.bySymbol(symbol)?.instrument.key).toBe(key);
      }
    });

    kit.case("gives each key and each symbol once, and every row the broker's own names", async () => {
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

    kit.case("counts the rows that cannot be read, with a reason, and goes on", async () => {
      const { rows, skipped } = await kit.open();
      expect(skipped.length).toBeGreaterThan(0);
      for (const reason of skipped) expect(reason.trim()).not.toBe("");
      expect(rows.length).toBeGreaterThan(800);
    });

    kit.case("says that the master is unavailable instead of ending early", async () => {
      const street = await kit.open();
      const { name } = street.definition;
      street.server.inject(name, { kind: "html-502" });
      const read = async (): Promise<void> => {
        for await (const row of street.connector.getInstruments?.({ onSkipped: () => undefined }) ?? [])
          expect(row).toBeDefined();
      };
      await expect(read()).rejects.toMatchObject({ name: "BrokerError", broker: name });
    });
  });
}
