import { type Api, GrammyError, HttpError } from "grammy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { redrawOrder } from "../../src/app/telegram-out.ts";
import { price } from "../../src/domain/money.ts";
import type { Notification } from "../../src/ports/notifier.ts";
import type { Intent } from "../../src/services/orders/journal.ts";
import { createUsers } from "../../src/services/people/users.ts";
import { fakeBroker } from "../services/orders/fake-broker.ts";
import { ASHA, type Floor, openFloor, sent, ticket, watch } from "../services/orders/floor.ts";
import { createLog } from "../../src/lib/log.ts";

const refusal = (code: number, description: string): GrammyError =>
  new GrammyError("failed", { ok: false, error_code: code, description }, "editMessageText", {});

describe("the card of an order whose state changes", () => {
  let floor: Floor;
  let intent: Intent;
  let posted: Notification[];
  let answer: Error | null;
  let edits: number;
  let options: unknown;
  beforeEach(async () => {
    [posted, answer, edits] = [[], null, 0];
    const broker = fakeBroker();
    floor = await openFloor({ brokers: [broker], onChange: (moved) => redraw(moved) });
    await users().ensure(ASHA, "Asha");
    intent = await sent(floor, await ticket(floor));
    broker.set("zerodha-1", { status: "filled", filledQty: 10, avgPrice: price(8_000_000) });
    await floor.desk.attachCard(intent._id, { chatId: 1001, messageId: 5 });
  });
  afterEach(() => floor.close());

  const users = () =>
    createUsers({ log: createLog({ level: "silent" }), store: floor.store, clock: floor.clock, ownerId: ASHA });
  const api = {
    editMessageText: (...[, , , other]: Parameters<Api["editMessageText"]>) => {
      edits += 1;
      options = other;
      return answer ? Promise.reject(answer) : Promise.resolve(true as const);
    },
  };
  const redraw = (moved: Intent): Promise<void> =>
    redrawOrder(
      api,
      { accounts: floor.accounts, clock: floor.clock, users: users() },
      { post: async (notification) => void posted.push(notification) },
      moved,
    );

  it("is edited again until Telegram accepts the edit, and the order's end is announced meanwhile", async () => {
    answer = new HttpError("Network request failed", new Error("connect ECONNREFUSED"));
    await watch(floor, 150_000, 5_000);
    expect(edits).toBeGreaterThan(3);
    expect(new Set(posted.map(({ key }) => key))).toEqual(new Set([`order-end:${intent._id}`]));
    answer = null;
    await watch(floor, 70_000, 5_000);
    const drawn = edits;
    await watch(floor, 130_000, 5_000);
    expect(edits).toBe(drawn);
  });

  it("has link previews disabled, because the broker's text may contain a link", async () => {
    await watch(floor, 10_000, 1_000);
    expect(options).toMatchObject({ link_preview_options: { is_disabled: true } });
  });

  it.each([
    [403, "Forbidden: bot was blocked by the user"],
    [400, "Bad Request: message to edit not found"],
  ])("is not edited again after a final refusal with %i", async (code, description) => {
    answer = refusal(code, description);
    await watch(floor, 10_000, 1_000);
    const tries = edits;
    expect(tries).toBeGreaterThan(0);
    await watch(floor, 180_000, 10_000);
    expect(edits).toBe(tries);
  });
});
