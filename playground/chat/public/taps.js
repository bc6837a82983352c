/** Telegram's apps stop a button's spinner after a while even if the bot never answers. */
const SPINNER_TIMEOUT_MS = 15_000;

/**
 * Which buttons wait for the bot's answer. The answer's event may overtake the reply to the tap itself.
 * @param {(messageId: number) => void} redraw
 */
export function createTaps(redraw) {
  /** @type {Map<string, number>} */
  const pending = new Map();
  /** @type {Map<string, {messageId: number, key: string}>} */
  const waiting = new Map();
  /** @type {Set<string>} */
  const early = new Set();
  const keyOf = (/** @type {number} */ messageId, /** @type {string} */ data) => `${messageId} ${data}`;

  function settle(/** @type {number} */ messageId, /** @type {string} */ key) {
    clearTimeout(pending.get(key));
    if (pending.delete(key)) redraw(messageId);
  }

  return {
    /** @param {number} messageId @param {string} data */
    isPending: (messageId, data) => pending.has(keyOf(messageId, data)),
    /** @param {number} messageId @param {string} data @param {() => Promise<{callback_query_id: string}>} send */
    async start(messageId, data, send) {
      const key = keyOf(messageId, data);
      if (pending.has(key)) return;
      pending.set(
        key,
        window.setTimeout(() => settle(messageId, key), SPINNER_TIMEOUT_MS),
      );
      redraw(messageId);
      try {
        const { callback_query_id: id } = await send();
        if (early.delete(id)) settle(messageId, key);
        else waiting.set(id, { messageId, key });
      } catch (error) {
        settle(messageId, key);
        throw error;
      }
    },
    /** @param {string} id */
    answered(id) {
      const tap = waiting.get(id);
      if (tap === undefined) return void early.add(id);
      waiting.delete(id);
      settle(tap.messageId, tap.key);
    },
    clear() {
      for (const timer of pending.values()) clearTimeout(timer);
      pending.clear();
      waiting.clear();
      early.clear();
    },
  };
}
