import type { Events } from "./events.ts";

const KEEP_ALIVE_MS = 15_000;
/** A page that reads nothing for this many events is cut off; it reconnects and reads the whole state. */
const MAX_BACKLOG = 1_000;

export interface EventStreams {
  /** Returns a function that removes it again. */
  add(end: () => void): () => void;
  endAll(): void;
}

export function createEventStreams(): EventStreams {
  const open = new Set<() => void>();
  return {
    add(end) {
      open.add(end);
      return () => open.delete(end);
    },
    endAll() {
      for (const end of open) end();
    },
  };
}

/** One user's events as Server-Sent Events, with regular comments so that no proxy closes an idle connection. */
export function streamEvents(streams: EventStreams, events: Events, userId: number): Response {
  let stop: () => void = () => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): void => {
          if ((controller.desiredSize ?? 0) <= -MAX_BACKLOG) end();
          else controller.enqueue(Buffer.from(text));
        };
        const unsubscribe = events.subscribe(userId, (event) => write(`data: ${JSON.stringify(event)}\n\n`));
        const timer = setInterval(write, KEEP_ALIVE_MS, ": still here\n\n").unref();
        const end = (): void => {
          stop();
          controller.close();
        };
        const forget = streams.add(end);
        stop = () => {
          unsubscribe();
          clearInterval(timer);
          forget();
        };
        write(": connected\n\n");
      },
      cancel: () => stop(),
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
