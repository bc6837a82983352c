// Plain JavaScript, so that an older Node can run this far and report what is wrong.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `Sauda needs Node 24.15 or newer and this is ${process.versions.node}. Run "npm install", which brings its own, then "npm start".\n`,
  );
  process.exit(1);
}

const ENTRIES = {
  main: "./main.ts",
  job: "./job.ts",
  backtest: "./backtest.ts",
  "import-env": "./import-env.ts",
  "rotate-key": "./rotate-key.ts",
  backup: "./backup.ts",
  restore: "./backup.ts",
  build: "./build.ts",
};
const name = process.argv[2] ?? "main";
const entry = ENTRIES[name];
if (!entry) {
  process.stderr.write(`Unknown entry. One of: ${Object.keys(ENTRIES).join(", ")}.\n`);
  process.exit(1);
}

const root = `${import.meta.dirname}/../..`;
const { createRequire, enableCompileCache } = await import("node:module");
// Caching the stripped and compiled sources between starts halves the time to the first handled update.
enableCompileCache(`${root}/node_modules/.cache/compile`);
const { bundledMain } = await import("./bundle.ts");
const bundle = name === "main" ? bundledMain(root) : null;
if (bundle) createRequire(import.meta.url)(bundle);
else await import(entry);
