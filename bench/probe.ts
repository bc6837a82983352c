import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Preloaded into a measured process: answers its parent's messages with figures that only the process itself can read.
export interface Sample {
  /** The heap in use after a full garbage collection. */
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
