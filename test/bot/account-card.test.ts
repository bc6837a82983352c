import { expect, it } from "vitest";
import type { BrokerDefinition } from "../../connectors/base.ts";
import { groww } from "../../connectors/groww/index.ts";
import { zerodha } from "../../connectors/zerodha/index.ts";
import { accountView } from "../../src/bot/render/accounts.ts";
import { linkId } from "../../src/domain/ids.ts";
import type { Accounts, Link } from "../../src/services/accounts.ts";

const PUBLIC = "https://sauda.example";

function cardOf(definition: BrokerDefinition, publicUrl: string, accountId: string | null = "QX4411"): string {
  const link = { _id: linkId("l1"), broker_name: definition.name, account_id: accountId, is_active: true } as Link;
  const accounts = { broker: () => ({ definition }), hasSession: () => false } as unknown as Accounts;
  return accountView(link, accounts, { isDefault: false, publicUrl, now: 0 }).html.toString();
}

it("an account's card shows the postback URL for the broker's console, where the broker can reach it", () => {
  expect(cardOf(zerodha, PUBLIC)).toContain("<code>https://sauda.example/postback/zerodha/l1</code>");
  expect(cardOf(zerodha, "http://localhost:8080")).not.toContain("postback");
  expect(cardOf(zerodha, PUBLIC, null)).not.toContain("postback");
  expect(cardOf(groww, PUBLIC)).not.toContain("postback");
});
