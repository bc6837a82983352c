import { defineConfig } from "vitest/config";

/** `unit` is what `npm test` runs; the others need a server or a browser and run from .ci/run. */
export default defineConfig({
  test: {
    pool: "threads",
    // The sources are loaded once in a worker, not for each of the files: no module keeps state that a test changes.
    isolate: false,
    // Many tests wait for processes and loopback replies: one worker on two cores would leave both half idle.
    maxWorkers: 3,
    // Only what hangs should meet these: a busy machine takes three times as long as an idle one.
    testTimeout: 40_000,
    hookTimeout: 40_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/**/*.{mongo,browser,live}.test.ts"] },
      },
      { extends: true, test: { name: "mongo", include: ["test/**/*.mongo.test.ts"], testTimeout: 60_000 } },
      {
        extends: true,
        test: { name: "browser", include: ["test/**/*.browser.test.ts"], testTimeout: 120_000, hookTimeout: 60_000 },
      },
    ],
  },
});
