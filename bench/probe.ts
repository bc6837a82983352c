// Preloaded into a measured process: answers its parent with what only it can know of itself.
export interface Sample {
  readonly heapBytes: number;
  readonly resources: number;
}

process.on("message", () => {
  const sample: Sample = {
    heapBytes: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().length,
  };
  process.send?.(sample);
});
