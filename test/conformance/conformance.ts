import { afterEach, describe, expect, it } from "vitest";
import { definitionCases } from "./cases/definition.ts";
import { errorCases } from "./cases/errors.ts";
import { instrumentCases } from "./cases/instruments.ts";
import { limitCases } from "./cases/limits.ts";
import { loginCases } from "./cases/login.ts";
import { marketDataCases } from "./cases/market-data.ts";
import { orderCases } from "./cases/orders.ts";
import { portfolioCases } from "./cases/portfolio.ts";
import { refusalCases } from "./cases/refusals.ts";
import { secretCases } from "./cases/secrets.ts";
import { sessionCases } from "./cases/session.ts";
import { unknownCases } from "./cases/unknown.ts";
import type { Kit } from "./kit.ts";
import type { Conformance } from "./spec.ts";
import { logIn, openStreet } from "./street.ts";
import type { Street } from "./street.ts";

/** Cases are registered by values, which names and bodies of tests usually are not. */
const register = { group: describe, case: it, skipped: it.skip };

/** The contract that every connector keeps, case by case. A skip must name a case that exists. */
export function connectorConformance(spec: Conformance): void {
  const skips = new Map((spec.skip ?? []).flatMap(({ reason, cases }) => cases.map((name) => [name, reason] as const)));
  const unused = new Set(skips.keys());
  const opened: Street[] = [];
  let group = "";

  const reasonToSkip = (name: string): string | undefined => {
    for (const each of [group, `${group} > ${name}`]) {
      if (skips.has(each)) {
        unused.delete(each);
        return skips.get(each);
      }
    }
    return undefined;
  };

  const kit: Kit = {
    spec,
    group(name, cases) {
      register.group(name, () => {
        group = name;
        cases();
      });
    },
    case(name, run) {
      const reason = reasonToSkip(name);
      if (reason === undefined) register.case(name, run);
      else register.skipped(`${name} (${reason})`);
    },
    async open(options) {
      const street = await openStreet(spec, options);
      opened.push(street);
      return street;
    },
    async enter(options) {
      const street = await kit.open(options);
      const access = await logIn(street);
      street.record.requests.length = 0;
      return { street, access };
    },
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((street) => street.close()));
  });

  for (const cases of [
    definitionCases,
    loginCases,
    sessionCases,
    portfolioCases,
    marketDataCases,
    instrumentCases,
    orderCases,
    refusalCases,
    unknownCases,
    errorCases,
    limitCases,
    secretCases,
  ])
    cases(kit);

  describe("the skips", () => {
    it("all name cases that exist", () => {
      expect([...unused]).toEqual([]);
    });
  });
}
