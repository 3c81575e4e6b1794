import { destination, type Logger, pino } from "pino";
import { codeOf } from "./adapters/database.ts";
import { ensurePerson } from "./commands/ensure-person.ts";
import { ConfigError, readConfig } from "./config.ts";
import { startServer } from "./server.ts";

const STDERR = 2;
/** A stop that takes longer is cut short. */
const STOP_MS = 4500;

const [command = "serve", ...args] = process.argv.slice(2);
switch (command) {
  case "serve":
    await serve().catch(fail);
    break;
  case "ensure-person":
    await ensurePerson(args, process.env.DATABASE_URL, process.stdin).then(print, fail);
    break;
  default:
    fail(new Error(`there is no command ${command}: serve or ensure-person`));
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const server = await startServer(config, log);
  const { httpPort, httpsPort } = server;
  print({ ready: true, httpPort, ...(httpsPort === undefined ? {} : { httpsPort }) });
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(0), STOP_MS).unref();
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // The pipe from the process that started this one ends with it, however it ends.
  if (process.env.WUFEN_PARENT_PIPE === "1") process.stdin.resume().on("end", () => stop("parent gone"));
}

/** Of an error only what we know to be harmless: PostgreSQL's details quote the values of a row. */
function createLog(level: string): Logger {
  const err = (error: unknown) =>
    error instanceof Error
      ? { type: error.name, code: codeOf(error), message: error.message, stack: error.stack }
      : String(error);
  return pino({ level, base: { part: "dispatch-api" }, serializers: { err } }, destination(STDERR));
}

function print(line: object): void {
  console.log(JSON.stringify(line));
}

function fail(error: unknown): void {
  if (error instanceof ConfigError) for (const problem of error.problems) console.error(problem);
  else if (codeOf(error) === "EADDRINUSE") console.error(`${(error as Error).message}: choose another port`);
  else console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
