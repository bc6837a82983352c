import { expect } from "vitest";
import type { BrokerConnector, Capabilities } from "../../../connectors/base.ts";
import type { Kit } from "../kit.ts";
import { expectFor } from "../expect-for.ts";

/** Methods that must exist exactly if the capability is claimed. */
const OPTIONAL: readonly (readonly [keyof BrokerConnector, (has: Capabilities) => boolean])[] = [
  ["getLoginUrl", (has) => has.login.includes("redirect")],
  ["refreshToken", (has) => has.refresh],
  ["getOrderCost", (has) => has.orderCost],
  ["getInstruments", (has) => has.instruments],
];

export function definitionCases(kit: Kit): void {
  kit.group("definition", () => {
    kit.case("claims exactly the capabilities that it implements", async () => {
      const { connector, definition } = await kit.open();
      for (const [method, isClaimed] of OPTIONAL)
        expectFor(connector[method] !== undefined, method).toBe(isClaimed(definition.capabilities));
      expectFor(definition.readPostback !== undefined, "readPostback").toBe(
        definition.capabilities.postback !== "none",
      );
    });

    kit.case("describes where to find each credential and how to set up the broker", async () => {
      const { definition } = await kit.open();
      const { consoleUrl, steps, staticIp, paste = "x" } = definition.setup;
      const texts = [definition.title, staticIp, paste, ...steps];
      for (const { field, label, where, example } of definition.credentials) texts.push(field, label, where, example);
      for (const text of texts) expect(text.trim()).not.toBe("");
      expect(steps.length).toBeGreaterThan(0);
      if (definition.credentials.length > 0) {
        expect(new URL(consoleUrl).protocol).toBe("https:");
        const hasPage = definition.capabilities.login.includes("redirect");
        expect(steps.join(" ").includes("{redirectUrl}")).toBe(hasPage);
      }
    });

    kit.case("accepts the broker's credentials and its own examples", async () => {
      const { definition, credentials } = await kit.open();
      const fields = definition.credentials.map(({ field }) => field);
      expect(new Set(fields).size).toBe(fields.length);
      for (const { field, pattern, example, isOptional } of definition.credentials) {
        expect(example).toMatch(pattern);
        const value = credentials[field]?.reveal();
        if (value === undefined) expectFor(isOptional, field).toBe(true);
        else expect(value).toMatch(pattern);
        expectFor(pattern.flags, "a sticky or global pattern keeps state").not.toMatch(/[gy]/);
      }
      expect(fields).toEqual(expect.arrayContaining(Object.keys(credentials)));
    });

    kit.case("declares a rate limit for every class of calls that it makes", async () => {
      const { rig, access } = await kit.loggedIn();
      await rig.connector.getProfile(access);
      await rig.connector.getOrders(access);
      const { definition, record } = rig;
      expect(record.meters.length).toBeGreaterThan(0);
      for (const { key, windows } of record.meters) {
        const [broker, meter, kind = ""] = key.split(":");
        expect(broker).toBe(definition.name);
        expect(meter).not.toBe("");
        expectFor(windows, key).toEqual(definition.rateLimits[kind]);
        expect(windows.length).toBeGreaterThan(0);
      }
    });

    kit.case("has https origins that the configuration can override", async () => {
      const { definition, broker } = await kit.open();
      expect(Object.keys(broker.roots("http://127.0.0.1:1")).sort()).toEqual(Object.keys(definition.roots).sort());
      for (const root of Object.values(definition.roots)) expect(new URL(root).protocol).toBe("https:");
    });
  });
}
