import { expect, it } from "vitest";
import { limitWords } from "../../src/bot/limit-words.ts";

it.each([
  ["value 50,000", "orderValue", 5_000_000],
  ["orders 10", "ordersPerDay", 10],
  ["move 0.5", "driftBasisPoints", 50],
  ["move 0.29%", "driftBasisPoints", 29],
  ["Move 1 %", "driftBasisPoints", 100],
  ["move 0.1", "driftBasisPoints", 10],
  ["move 10", "driftBasisPoints", 1_000],
  ["move off", "driftBasisPoints", null],
])("%s sets a limit", (text, name, value) => {
  expect(limitWords(text)).toEqual({ name, value });
});

it.each([
  "move",
  "move 0",
  "move 0.09",
  "move 10.01",
  "move 50",
  "move 0.125",
  "move -1",
  "move 1 0",
  "move .5",
  "value 5%",
])("%s sets none", (text) => {
  expect(limitWords(text)).toBeNull();
});
