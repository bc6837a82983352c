import { expect, it } from "vitest";
import type { BrokerDefinition } from "../../connectors/base.ts";
import { brokerDefinitions } from "../../connectors/index.ts";
import { groww } from "../../connectors/groww/index.ts";
import { zerodha } from "../../connectors/zerodha/index.ts";
import { accountView } from "../../src/bot/render/accounts.ts";
import { linkId } from "../../src/domain/ids.ts";
import type { Accounts, Link } from "../../src/services/accounts/accounts.ts";

const PUBLIC = "https://sauda.example";

function cardOf(definition: BrokerDefinition, publicUrl: string, accountId: string | null = "QX4411") {
  const link = { _id: linkId("l1"), broker_name: definition.name, account_id: accountId, is_active: true } as Link;
  const accounts = { broker: () => ({ definition }), hasSession: () => false } as unknown as Accounts;
  return accountView(link, accounts, { isDefault: false, publicUrl, now: 0 });
}
const textOf = (...card: Parameters<typeof cardOf>): string => cardOf(...card).html.toString();

it("an account's card shows the postback URL for the broker's console, where the broker can reach it", () => {
  expect(textOf(zerodha, PUBLIC)).toContain("<code>https://sauda.example/postback/zerodha/l1</code>");
  expect(textOf(zerodha, "http://localhost:8080")).not.toContain("postback");
  expect(textOf(zerodha, PUBLIC, null)).not.toContain("postback");
  expect(textOf(groww, PUBLIC)).not.toContain("postback");
});

it("an account's card offers new keys at every broker that has keys, so not at paper", () => {
  const offering = brokerDefinitions.filter((definition) => {
    const buttons = cardOf(definition, PUBLIC).keyboard?.inline_keyboard.flat() ?? [];
    return buttons.some(({ text }) => text === "New keys");
  });
  expect(offering).toEqual(brokerDefinitions.filter(({ isPaper }) => isPaper !== true));
});
