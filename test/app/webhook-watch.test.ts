import { describe, expect, it } from "vitest";
import type { WebhookInfo } from "grammy/types";
import { createWebhookWatch } from "../../src/app/webhook-watch.ts";
import { createLog } from "../../src/lib/log.ts";

const URL_ = "https://bot.example/telegram/webhook";

describe("the webhook watch", () => {
  function watching() {
    const said: { msg: string; err?: { message: string } }[] = [];
    const log = createLog({
      level: "info",
      destination: { write: (line: string) => void said.push(JSON.parse(line)) },
    });
    const state = {
      sets: 0,
      info: { url: URL_, has_custom_certificate: false, pending_update_count: 0 } as WebhookInfo,
    };
    const watch = createWebhookWatch({
      url: URL_,
      log,
      info: async () => state.info,
      setAgain: async () => void (state.sets += 1),
    });
    return { said, state, look: () => watch(new AbortController().signal) };
  }

  it("logs why Telegram cannot reach the webhook, and when it can again", async () => {
    const { said, state, look } = watching();
    const failing = { pending_update_count: 3, last_error_message: "Connection refused" };
    state.info = { ...state.info, ...failing, last_error_date: 100 };
    await look();
    expect(said).toEqual([]);
    state.info = { ...state.info, last_error_date: 160 };
    await look();
    expect(said.splice(0)).toEqual([
      expect.objectContaining({
        msg: "Telegram cannot deliver updates to PUBLIC_URL: check its DNS, certificate and proxy",
        err: expect.objectContaining({ message: "Connection refused" }),
      }),
    ]);
    state.info = { ...state.info, pending_update_count: 0 };
    await look();
    await look();
    expect(said.map(({ msg }) => msg)).toEqual(["Telegram delivers updates again"]);
    expect(state.sets).toBe(0);
  });

  it("sets the webhook again when somebody has removed it", async () => {
    const { said, state, look } = watching();
    await look();
    state.info = { ...state.info, url: "" };
    await look();
    expect(state.sets).toBe(1);
    expect(said.map(({ msg }) => msg)).toEqual([expect.stringContaining("the webhook was replaced")]);
  });
});
