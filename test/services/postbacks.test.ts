import { expect, it } from "vitest";
import { brokerOrderId, userId } from "../../src/domain/ids.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { createPostbacks } from "../../src/services/postbacks.ts";

const link = { _id: "l1", user_id: userId(1001), broker_name: "acme" };
const readPostback = async (body: string) => ({ orderId: brokerOrderId(body) });

it("reads once a second during a burst of postbacks, also after the clock was set back", async () => {
  let now = 1_000_000_000;
  const looks: string[] = [];
  const postbacks = createPostbacks({
    accounts: { byId: async () => link, broker: () => ({ definition: { readPostback } }) } as never,
    clock: { now: () => now, sleep: async () => undefined },
    journal: { recent: async () => [{ legs: [{ link: "l1", orderId: "7" }] }] as unknown as Intent[] },
    watcher: { follow: async () => void looks.push("look") },
  });
  const take = () => postbacks.take("acme", "l1", "7");
  expect(await Promise.all([take(), take()])).toEqual(["looked", "too-soon"]);
  now += 999;
  expect(await take()).toBe("too-soon");
  now += 1;
  expect(await take()).toBe("looked");
  now -= 86_400_000;
  expect(await take()).toBe("looked");
  expect(looks).toHaveLength(3);
});
