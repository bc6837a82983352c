import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { BrokerDefinition } from "../../connectors/base.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { createExchange } from "../../connectors/paper/exchange/exchange.ts";
import { createPaper } from "../../connectors/paper/index.ts";

const README = new URL("../../connectors/README.md", import.meta.url);
const HEAD = ["Broker", "Login", "Renews", "Markets", "Orders", "Products", "AMO", "Data", "Cost", "Postback"];

const yes = (has: boolean): string => (has ? "yes" : "–");

function rowOf({ title, capabilities: has }: BrokerDefinition): string[] {
  const data = (["quotes", "depth", "candles", "instruments"] as const).filter((each) => has[each]);
  return [
    title,
    has.login.join(", "),
    yes(has.refresh),
    has.segments.join(", "),
    has.orderTypes.join(", "),
    has.products.join(", "),
    has.amo === "by-clock" ? "by clock" : yes(has.amo),
    data.join(", "),
    yes(has.orderCost),
    has.postback,
  ];
}

it("the README's table of brokers agrees with their definitions", () => {
  const paper = createPaper({ exchange: () => createExchange({ seed: 1, now: () => 0 }) });
  const rows = [...brokerDefinitions, paper].map(rowOf);
  const table = readFileSync(README, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(table[0]).toEqual(HEAD);
  expect(table.slice(2)).toEqual(rows);
});
