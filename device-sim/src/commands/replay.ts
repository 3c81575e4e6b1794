import { readCredentials } from "../link/credentials.ts";
import { type DeviceFix, encodeFixes } from "../link/encode-fixes.ts";
import { toWgs84 } from "../link/gcj02.ts";
import { runLinks } from "../link/run-links.ts";
import { readTrips, tripsWithin } from "../replay/read-trips.ts";
import { replaySchedule } from "../replay/replay-schedule.ts";
import { readNumber, readOptions, readWhole, UsageError } from "./options.ts";

/**
 * `replay --url --traces FILE --credentials FILE`: recorded trips, one driver a device, from now on. `--pause 60` shortens the
 * halts between a driver's trips to 60 s (−1: as recorded), `--box w,s,e,n` takes only trips inside, `--recorded-datum` says what
 * the file holds; a device registered as GCJ-02 sends GCJ-02, one registered as WGS-84 sends WGS-84. Ends with the last fix.
 */
export async function replayCommand(argv: string[]): Promise<number> {
  const options = readOptions(argv, {
    url: undefined,
    traces: undefined,
    credentials: undefined,
    speed: "1",
    pause: "60",
    box: "-180,-90,180,90",
    "recorded-datum": "gcj02",
    seed: "5",
  });
  const speed = readNumber("--speed", options.speed, 0.01, 1000);
  const pauseS = readNumber("--pause", options.pause, -1, 604_800);
  const recorded = options["recorded-datum"];
  if (recorded !== "gcj02" && recorded !== "wgs84") {
    throw new UsageError(`--recorded-datum ${recorded}: give gcj02 or wgs84`);
  }
  const box = options.box.split(",").map(Number);
  if (box.length !== 4 || box.some(Number.isNaN))
    throw new UsageError(`--box ${options.box}: give west,south,east,north`);
  const devices = readCredentials(options.credentials);
  const trips = tripsWithin(readTrips(options.traces), box);
  if (trips.length === 0)
    throw new Error(`no trip of ${options.traces} lies in --box ${options.box}; take a larger one`);

  const drivers = new Map([...new Set(trips.map((t) => t.driver))].slice(0, devices.length).map((d, i) => [d, i]));
  const schedule = replaySchedule(
    trips.filter((trip) => drivers.has(trip.driver)),
    { startMs: Date.now(), speed, ...(pauseS >= 0 && { longestPauseMs: pauseS * 1000 }) },
  );
  const played = devices.slice(0, drivers.size);
  const seqs = new Uint32Array(played.length);
  const lastFixes: (DeviceFix | undefined)[] = [];
  let next = 0;
  const log = (line: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(line)}\n`);
  log({ trips: trips.length, drivers: drivers.size, fixes: schedule.length });

  const encode = (i: number, fix: DeviceFix, asked: boolean, sentAtMs: number) => {
    const device = played[i]!;
    const isRaw = device.datum === recorded;
    const [lng, lat] = !isRaw && recorded === "gcj02" ? toWgs84([fix.lng, fix.lat]) : [fix.lng, fix.lat];
    return encodeFixes(device, [{ ...fix, lng, lat }], { backlog: false, asked, isRaw, sentAtMs });
  };
  return runLinks({
    url: options.url,
    seed: readWhole("--seed", options.seed, 0, 0xffffffff),
    devices: played,
    log,
    play(links) {
      const nowMs = Date.now();
      for (let due = schedule[next]; due && due.fixedAtMs <= nowMs; due = schedule[++next]) {
        const i = drivers.get(due.driver)!;
        const { driver: _driver, ...where } = due;
        const fix = { ...where, seq: seqs[i]!++, accuracyM: undefined, batteryPercent: undefined };
        lastFixes[i] = fix;
        for (const publish of encode(i, fix, false, nowMs)) links[i]!.offer(publish);
      }
      return next < schedule.length;
    },
    onReportRequest(i, link) {
      const last = lastFixes[i];
      if (!last) return;
      const nowMs = Date.now();
      for (const publish of encode(i, { ...last, fixedAtMs: nowMs, seq: seqs[i]!++ }, true, nowMs)) link.offer(publish);
    },
  });
}
