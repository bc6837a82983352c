import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Preloaded into a measured process: answers its parent with what only it can know of itself.
export interface Sample {
  /** After a full collection: what is still held. */
  readonly heapBytes: number;
  readonly resources: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

process.on("message", () => {
  collect();
  const sample: Sample = {
    heapBytes: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().length,
  };
  process.send?.(sample);
});
