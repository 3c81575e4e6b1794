import { fileURLToPath } from "node:url";
import { readConfig } from "./config/read-config.ts";
import { createConsole } from "./console.ts";
import { Launch } from "./launch.ts";
import { Refusal } from "./refusal.ts";

const PROJECT_DIR = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * Brings everything up, and keeps it up until Ctrl-C (SIGINT, SIGTERM, SIGHUP).
 * @returns the exit code: 0 after a stop that was asked for, 1 where it cannot start
 */
export async function launch(args: readonly string[]): Promise<number> {
  // A terminal that went away is no reason to leave processes behind.
  process.stdout.on("error", () => undefined);
  // npm runs scripts in the project's folder; INIT_CWD is where the person is.
  const reading = readConfig(args, process.env, process.env.INIT_CWD ?? process.cwd(), PROJECT_DIR);
  if (reading.kind === "help") {
    console.log(reading.text);
    return 0;
  }
  if (reading.kind === "problems") {
    for (const problem of reading.problems) console.error(problem);
    return 1;
  }
  const started = new Launch(
    reading.config,
    PROJECT_DIR,
    createConsole((line) => console.log(line), Date.now),
  );
  const stop = () => started.requestStop();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  try {
    await started.run();
    return 0;
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error);
    return 1;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, stop);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await launch(process.argv.slice(2));
