import { expect, it } from "vitest";
import { drawable } from "../../src/bot/pictures/drawable.ts";

it("a picture's text has an en dash where the shipped font lacks the minus sign, and no pictographs", () => {
  expect(drawable("🔴 −5.74% · 📄 Paper")).toBe("–5.74% · Paper");
});
