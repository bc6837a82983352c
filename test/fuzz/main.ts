import { fuzz } from "./run.ts";

// npm run fuzz -- [inputs] [seed]: prints every failure, and exits with 1 if there was any.

const inputs = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const { failures, untappedVerbs, seconds } = await fuzz(inputs, seed, (line) => console.log(line));
console.log(`${inputs} inputs with seed ${seed} in ${Math.round(seconds)} s`);
if (untappedVerbs.length > 0) console.log(`never tapped: ${untappedVerbs.join(", ")}`);
console.log(`${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
