import { fuzz } from "./run.ts";

// npm run fuzz -- [inputs] [seed]: prints what must not have happened, and ends badly if anything did.

const inputs = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const { complaints, untouched, seconds } = await fuzz(inputs, seed, (line) => console.log(line));
console.log(`${inputs} inputs with seed ${seed} in ${Math.round(seconds)} s`);
if (untouched.length > 0) console.log(`never tapped: ${untouched.join(", ")}`);
console.log(complaints.length === 0 ? "nothing to complain of" : `${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);
