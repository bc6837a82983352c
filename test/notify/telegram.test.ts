import { GrammyError, type Api } from "grammy";
import { describe, expect, it } from "vitest";
import { userId } from "../../src/domain/ids.ts";
import type { Delivery } from "../../src/notify/outbox.ts";
import { prepareNotification } from "../../src/notify/telegram.ts";
import type { Notification } from "../../src/ports/notifier.ts";

const digest: Notification = {
  key: "closing-digest:1001:2026-11-23",
  userId: userId(1001),
  priority: "digest",
  html: "<b>Close of 23 Nov 2026</b>",
  picture: "<svg/>",
};

/** Sends a notification to a Telegram that refuses its photo with this answer; returns the calls made and the result. */
async function deliver(notification: Notification, code: number, description: string) {
  const asked: string[] = [];
  const refusal = { ok: false, error_code: code, description } as const;
  const api = {
    async sendPhoto() {
      asked.push("photo");
      throw new GrammyError("no", refusal, "sendPhoto", {});
    },
    async sendMessage(_: number, text: string) {
      asked.push(text);
      return { message_id: 7 };
    },
  } as unknown as Api;
  const send = await prepareNotification(
    { api, draw: async () => new Uint8Array(1), onDrawFailure: () => undefined },
    notification,
    null,
  );
  const delivery: Delivery = await send();
  return { asked, delivery };
}

describe("a message with a picture", () => {
  it("is sent without the picture when Telegram refuses it", async () => {
    const { asked, delivery } = await deliver(digest, 400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
    expect(asked).toEqual(["photo", digest.html]);
    expect(delivery).toEqual({ kind: "sent", messageId: 7 });
  });

  it("is given up when Telegram refuses the picture and there is no text", async () => {
    const { asked, delivery } = await deliver({ ...digest, html: "" }, 400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
    expect(asked).toEqual(["photo"]);
    expect(delivery).toMatchObject({ kind: "never", reason: "refused" });
  });

  it.each([
    [403, "Forbidden: user is deactivated"],
    [400, "Bad Request: chat not found"],
  ])("is given up as one to a user who is gone: %s %s", async (code, description) => {
    expect((await deliver(digest, code, description)).delivery).toMatchObject({ kind: "never", reason: "blocked" });
  });

  it.each([
    { code: 401, means: "outage" },
    { code: 403, means: "never" },
    { code: 404, means: "outage" },
    { code: 429, means: "wait" },
    { code: 502, means: "outage" },
  ])("is not sent a second time when the answer, $code, is not about the picture", async ({ code, means }) => {
    const { asked, delivery } = await deliver(digest, code, "Forbidden: bot was blocked by the user");
    expect(asked).toEqual(["photo"]);
    expect(delivery.kind).toBe(means);
  });
});

describe("a message", () => {
  it("comes without a sound only if it is silent", async () => {
    const said: object[] = [];
    const api = { sendMessage: async (...args: object[]) => (said.push(args[2] ?? {}), { message_id: 7 }) };
    const sender = { api: api as unknown as Api, draw: async () => new Uint8Array(1), onDrawFailure: () => undefined };
    const { picture: _, ...text } = digest;
    for (const silent of [true, false]) await (await prepareNotification(sender, { ...text, silent }, null))();
    expect(said.map((options) => "disable_notification" in options)).toEqual([true, false]);
  });
});
