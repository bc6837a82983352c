import { Worker } from "node:worker_threads";

/** What a worker answers to one drawing. */
export type Drawn =
  | { readonly id: number; readonly png: Uint8Array }
  | { readonly id: number; readonly problem: string };

export interface Pictures {
  /** SVG to PNG in a thread of its own. Rejects on what is no SVG. */
  draw(svg: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (png: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** One thread, started with the first drawing, which does not keep the process alive; a dead one is replaced. */
export function createPictures(): Pictures {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let lastId = 0;

  function fail(cause: Error): void {
    worker = null;
    for (const { reject } of waiting.values()) reject(cause);
    waiting.clear();
  }

  function start(): Worker {
    const started = new Worker(new URL("./png-worker.ts", import.meta.url));
    started.on("message", (drawn: Drawn) => {
      const asked = waiting.get(drawn.id);
      waiting.delete(drawn.id);
      if (waiting.size === 0) started.unref();
      if ("png" in drawn) asked?.resolve(drawn.png);
      else asked?.reject(new Error(drawn.problem));
    });
    started.on("error", (error) => fail(error instanceof Error ? error : new Error(String(error))));
    started.on("exit", () => worker === started && fail(new Error("drawing thread ended")));
    started.unref();
    return started;
  }

  return {
    draw(svg) {
      worker ??= start();
      const to = worker;
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        to.ref();
        to.postMessage({ id, svg });
      });
    },
    async close() {
      const last = worker;
      worker = null;
      await last?.terminate();
    },
  };
}
