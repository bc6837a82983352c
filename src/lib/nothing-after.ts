/** Resolves after `ms` of real time: in a race with something that must not be waited for any longer. */
export const nothingAfter = (ms: number): Promise<null> =>
  new Promise((resolve) => {
    AbortSignal.timeout(ms).addEventListener("abort", () => resolve(null));
  });
