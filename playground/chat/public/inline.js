import { el } from "./dom.js";

const PAUSE_MS = 250;

/** The query when the text is "@bot query", else null. @param {string} text @param {string | undefined} username */
export function inlineQueryIn(text, username) {
  if (!username) return null;
  const prefix = `@${username} `;
  return text.toLowerCase().startsWith(prefix.toLowerCase()) ? text.slice(prefix.length) : null;
}

/**
 * Inline mode: asks the bot while the person types and shows what it offers.
 * @param {{
 *   suggest: ReturnType<typeof import("./suggest.js").createSuggest>,
 *   ask: (query: string) => Promise<any>,
 *   choose: (resultId: string, queryId: string) => Promise<void>,
 *   start: (parameter: string) => void,
 *   fail: (error: unknown) => void,
 * }} options
 */
export function createInline({ suggest, ask, choose, start, fail }) {
  let round = 0;
  let timer = 0;

  function lead(/** @type {any} */ result) {
    // Thumbnails live elsewhere; this page loads nothing from outside, so a letter stands in.
    return el(
      "span",
      { class: "inline-thumb", "aria-hidden": "true" },
      [...String(result.title ?? result.type ?? "?")][0]?.toUpperCase() ?? "?",
    );
  }

  function show(/** @type {any} */ answer) {
    const results = answer.results ?? [];
    const items = results.map((/** @type {any} */ result) => ({
      title: result.title ?? result.caption ?? result.type,
      detail: result.description,
      lead: lead(result),
      wide: true,
      pick: () => void choose(result.id, answer.inline_query_id).catch(fail),
    }));
    const top =
      answer.button &&
      el(
        "button",
        { type: "button", class: "suggest-top", on: { click: () => start(answer.button.start_parameter ?? "") } },
        answer.button.text,
      );
    suggest.show("Results", items, { top, note: items.length === 0 && !top ? "Nothing found" : "" });
  }

  return {
    cancel() {
      round += 1;
      clearTimeout(timer);
    },
    /** @param {string} query */
    query(query) {
      clearTimeout(timer);
      round += 1;
      const mine = round;
      timer = window.setTimeout(async () => {
        try {
          const answer = await ask(query);
          // A newer query has been typed meanwhile.
          if (mine === round) show(answer);
        } catch (error) {
          if (mine === round) fail(error);
        }
      }, PAUSE_MS);
    },
  };
}
