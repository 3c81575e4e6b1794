import { pino } from "pino";
import { startBroker } from "./broker.ts";
import { readConfig } from "./config.ts";
import { createLog } from "./log.ts";

/** A stop that takes longer, because the database answers nothing, is cut short: what was acknowledged is stored already [P7]. */
const STOP_MS = 8000;

const read = readConfig(process.env);
if (!read.ok) {
  for (const problem of read.problems) console.error(problem);
  process.exit(1);
}
const { config } = read;
const log = createLog(config.log, pino.destination(2));

const end = (error: Error): never => {
  log.fatal({ err: error }, error.message);
  if (config.log === "silent") console.error(error.message);
  process.exit(1);
};

let broker: Awaited<ReturnType<typeof startBroker>> | undefined;
let stopping = false;
const stop = () => {
  if (stopping) return;
  stopping = true;
  // While it still starts, for a database that is away, there is nothing to take down.
  if (broker === undefined) process.exit(0);
  setTimeout(() => process.exit(0), STOP_MS).unref();
  broker.stop().then(() => process.exit(0), end);
};
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// The pipe from the process that started this one ends with it, however it ends.
if (process.env.WUFEN_PARENT_PIPE === "1") process.stdin.resume().on("end", stop);

try {
  broker = await startBroker(config, log, end);
  process.on("SIGHUP", () => void broker?.reloadCertificate());
  const { mqttPort, mqttsPort, loopbackPort } = broker;
  console.log(JSON.stringify({ ready: true, mqttPort, mqttsPort, loopbackPort, epoch: broker.epoch() }));
} catch (error) {
  end(error as Error);
}
