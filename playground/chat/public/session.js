import { api, openEvents } from "./api.js";

/**
 * One person's chat as long as it is on the page: the state, then the events since.
 * Subscribing first and reading second leaves no gap; what happens while a state is being read waits for it.
 * @param {number} user
 * @param {{draw: (state: import("./api.js").State, isFirst: boolean) => void, handle: (event: any) => void, onBreak: () => void, fail: (error: unknown) => void}} handlers
 */
export function openSession(user, { draw, handle, onBreak, fail }) {
  /** @type {any[]} */
  const held = [];
  let reads = 0;
  let isFirst = true;
  let isClosed = false;

  async function reload() {
    reads += 1;
    try {
      const state = await api.state(user);
      if (isClosed) return;
      draw(state, isFirst);
      isFirst = false;
    } finally {
      reads -= 1;
      // A second read may be under way: its state must not undo what these events do.
      if (reads === 0 && !isClosed) for (const event of held.splice(0)) handle(event);
    }
  }

  const closeEvents = openEvents(user, {
    onOpen: () => void reload().catch(fail),
    onEvent: (event) => (reads > 0 || isFirst ? void held.push(event) : handle(event)),
    onBreak,
  });

  return {
    reload,
    close() {
      isClosed = true;
      closeEvents();
    },
  };
}
