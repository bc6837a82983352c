import { Worker } from "node:worker_threads";

/** The worker's reply to one drawing. */
export type Drawn = { readonly png: Uint8Array } | { readonly problem: string };

export interface Pictures {
  /** Renders SVG to PNG in a separate thread. Rejects on invalid SVG. */
  draw(svg: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

interface Asked {
  readonly svg: string;
  readonly resolve: (png: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One worker thread, started on first use and replaced if it dies; an idle one does not keep the process alive. It is sent
 * one drawing at a time: a drawing's memory is freed only between messages, so queued messages would pile up gigabytes.
 */
export function createPictures(): Pictures {
  /** Oldest first; the first one is being drawn. */
  const asked: Asked[] = [];
  let worker: Worker | null = null;

  function fail(cause: Error): void {
    worker = null;
    for (const { reject } of asked.splice(0)) reject(cause);
  }

  function start(): Worker {
    const started = new Worker(new URL("./png-worker.ts", import.meta.url));
    started.on("message", (drawn: Drawn) => {
      const first = asked.shift();
      drawNext();
      if ("png" in drawn) first?.resolve(drawn.png);
      else first?.reject(new Error(drawn.problem));
    });
    started.on("error", (error) => fail(error instanceof Error ? error : new Error(String(error))));
    started.on("exit", () => worker === started && fail(new Error("drawing thread ended")));
    return started;
  }

  function drawNext(): void {
    const [next] = asked;
    if (!next) {
      worker?.unref();
      return;
    }
    worker ??= start();
    worker.ref();
    worker.postMessage(next.svg);
  }

  return {
    draw: (svg) =>
      new Promise((resolve, reject) => {
        asked.push({ svg, resolve, reject });
        if (asked.length === 1) drawNext();
      }),
    async close() {
      const last = worker;
      worker = null;
      await last?.terminate();
      for (const { reject } of asked.splice(0)) reject(new Error("drawing thread ended"));
    },
  };
}
