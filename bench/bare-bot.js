// The bot to compare with: grammY and nothing else, polling as Sauda does. It makes the calls recorded from Sauda.
// Plain JavaScript so that, like src/app/start.js, it can turn the compile cache on before anything is loaded.
const { enableCompileCache } = await import("node:module");
enableCompileCache(new URL("../node_modules/.cache/compile", import.meta.url).pathname);
await import("./bare-bot.ts");
