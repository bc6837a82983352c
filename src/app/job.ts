import { ConfigError } from "../errors.ts";
import { userId } from "../domain/ids.ts";
import { createLog } from "../lib/log.ts";
import { JOB_NAMES, type JobName } from "../services/jobs.ts";
import { assemble, dataDirOf } from "./assemble.ts";
import { askRunning } from "./control.ts";
import { runOrExit } from "./exit.ts";
import { createJobTable } from "./jobs.ts";
import { readSettings } from "./settings.ts";

// npm run job -- NAME [--user ID]: runs one job now, in the running bot or, without one, in this process.

await runOrExit(async () => {
  const { name, user } = readArguments(process.argv.slice(3));
  const config = readSettings();
  if (!config.telegram) process.stderr.write("TELEGRAM_BOT_TOKEN is not set: this is the playground's job.\n");
  const answer = await askRunning(dataDirOf(config), name, user);
  if (answer !== null) {
    process.stdout.write(`${answer}\n`);
    return;
  }
  const log = createLog({ level: config.logLevel });
  const parts = await assemble(config, log, () => undefined);
  await parts.paper?.open();
  try {
    const { report, hasFailed } = await createJobTable(parts, log).table[name](user === null ? null : userId(user));
    process.stdout.write(`${report}\n`);
    if (hasFailed) process.exitCode = 1;
    await parts.outbox.deliver();
  } finally {
    await parts.close();
  }
});

function readArguments(args: readonly string[]): { name: JobName; user: string | null } {
  const [name, flag, user] = args;
  const known = JOB_NAMES.find((each) => each === name);
  const usage = `npm run job -- ${JOB_NAMES.join(" | ")} [--user ID]`;
  if (!known) throw new ConfigError([`Which job? ${usage}`]);
  if (flag === undefined) return { name: known, user: null };
  if (flag !== "--user" || !/^\d{1,16}$/.test(user ?? "")) throw new ConfigError([`Not understood. ${usage}`]);
  return { name: known, user: user ?? null };
}
