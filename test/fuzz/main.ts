import { fuzz } from "./run.ts";

// npm run fuzz -- [inputs] [seed]: prints what must not have happened, and ends badly if anything did.

const inputs = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const report = await fuzz(inputs, seed, (line) => console.log(line));
console.log(`${report.inputs} inputs with seed ${report.seed} in ${Math.round(report.seconds)} s`);
for (const call of report.rejectedCalls.slice(0, 20)) console.log("refused:", JSON.stringify(call));
for (const failure of report.failures.slice(0, 20)) console.log("failed:", failure.trim());
for (const rejection of report.unhandled.slice(0, 20)) console.log("unhandled:", rejection);
const total = report.rejectedCalls.length + report.failures.length + report.unhandled.length;
console.log(total === 0 ? "nothing to complain of" : `${total} complaints`);
process.exit(total === 0 ? 0 : 1);
