import { readFileSync } from "node:fs";
import { runLoad } from "../load/run-load.ts";
import { readNumber, readOptions, readWhole, UsageError } from "./options.ts";

/**
 * `load --url mqtt://127.0.0.1:1883 --credentials FILE --rate 5000 --seconds 60 --acked FILE`: binary pings, QoS 1, one JSON line a
 * second, then a last one with `"done":true`; FILE holds what was acknowledged (see acknowledged-log.ts).
 */
export async function loadCommand(argv: string[]): Promise<number> {
  const options = readOptions(argv, {
    url: undefined,
    credentials: undefined,
    rate: undefined,
    seconds: undefined,
    acked: "",
    addresses: "0",
    "connect-rate": "1000",
    "drain-seconds": "30",
    seed: "1",
    lng: "114.3",
    lat: "30.6",
  });
  const url = readMqttUrl(options.url);
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  process.once("SIGINT", () => stop.abort());
  const { counts, log, seconds } = await runLoad({
    host: url.hostname,
    port: Number(url.port || 1883),
    devices: JSON.parse(readFileSync(options.credentials, "utf8")) as { deviceId: string; secret: string }[],
    rate: readNumber("--rate", options.rate, 0.1, 1_000_000),
    seconds: readNumber("--seconds", options.seconds, 0, 86_400),
    addresses: readWhole("--addresses", options.addresses, 0, 60_000),
    connectRate: readNumber("--connect-rate", options["connect-rate"], 1, 100_000),
    drainSeconds: readNumber("--drain-seconds", options["drain-seconds"], 0, 3600),
    seed: readWhole("--seed", options.seed, 0, 0xffffffff),
    center: [readNumber("--lng", options.lng, -180, 180), readNumber("--lat", options.lat, -90, 90)],
    onProgress: (line) => process.stdout.write(`${JSON.stringify(line)}\n`),
    signal: stop.signal,
  });
  if (options.acked !== "") log.write(options.acked);
  process.stdout.write(`${JSON.stringify({ done: true, seconds, ...counts })}\n`);
  return 0;
}

function readMqttUrl(text: string): URL {
  if (!URL.canParse(text) || new URL(text).protocol !== "mqtt:") {
    throw new UsageError(`--url ${text}: give mqtt://host:port`);
  }
  return new URL(text);
}
