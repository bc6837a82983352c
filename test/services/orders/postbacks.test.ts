import { expect, it } from "vitest";
import { brokerOrderId, userId } from "../../../src/domain/ids.ts";
import type { Intent } from "../../../src/services/orders/journal.ts";
import { createPostbacks } from "../../../src/services/orders/postbacks.ts";

const link = { _id: "l1", user_id: userId(1001), broker_name: "acme" };
const readPostback = async (body: string) => ({ orderId: brokerOrderId(body) });

function openPostbacks(now: () => number = () => 1_000_000_000) {
  const looks: string[] = [];
  const postbacks = createPostbacks({
    accounts: { byId: async () => link, broker: () => ({ definition: { readPostback } }) } as never,
    clock: { now, sleep: async () => undefined },
    journal: {
      recent: async () =>
        [
          { _id: "other", legs: [{ link: "l2", orderId: "7" }] },
          { _id: "own", legs: [{ link: "l1", orderId: "7" }] },
        ] as unknown as Intent[],
    },
    watcher: { follow: async ({ _id }) => void looks.push(_id) },
  });
  return { postbacks, looks };
}

it("reads the order at the account that the postback is for, and nothing for one that was placed elsewhere", async () => {
  let now = 1_000_000_000;
  const { postbacks, looks } = openPostbacks(() => (now += 1_000));
  expect(await postbacks.take("acme", "l1", "8")).toBe("not-ours");
  expect(await postbacks.take("acme", "l1", "7")).toBe("looked");
  expect(looks).toEqual(["own"]);
});

it("refuses a postback of another broker than the account's", async () => {
  const { postbacks, looks } = openPostbacks();
  expect(await postbacks.take("zenith", "l1", "7")).toBe("refused");
  expect(looks).toEqual([]);
});

it("reads once a second during a burst of postbacks, also after the clock was set back", async () => {
  let now = 1_000_000_000;
  const { postbacks, looks } = openPostbacks(() => now);
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
