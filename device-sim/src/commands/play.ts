import { join } from "node:path";
import { createFleet, type FleetFix } from "../fleet/fleet.ts";
import { demoRoster } from "../fleet/roster.ts";
import { readCredentials } from "../link/credentials.ts";
import { type DeviceFix, encodeFixes } from "../link/encode-fixes.ts";
import { runLinks } from "../link/run-links.ts";
import { createStream } from "../random.ts";
import { readNumber, readOptions, readWhole } from "./options.ts";
import { findRoadPost, readPosts } from "./posts.ts";
import { readMap } from "./read-map.ts";

/** Answers to “report now” have numbers of their own, so that the recorded run stays the same. */
const ASKED_SEQ = 1 << 30;

/** `play --url --map --credentials [--stations FILE] [--seed 5] [--speed 1]`: the fleet on the roads, until a signal. */
export async function playCommand(argv: string[]): Promise<number> {
  const options = readOptions(argv, {
    url: undefined,
    map: undefined,
    credentials: undefined,
    stations: "",
    seed: "5",
    speed: "1",
  });
  const seed = readWhole("--seed", options.seed, 0, 0xffffffff);
  const speed = readNumber("--speed", options.speed, 0.1, 100);
  const devices = readCredentials(options.credentials);
  const graph = await readMap(options.map);
  const posts = readPosts(options.stations || join(options.map, "stations.json"));
  // The registry does not give home posts back; the same seed gives the same roster.
  const roster = demoRoster(seed, devices.length, posts, (random) => findRoadPost(graph, random));
  const homes = new Map(roster.map((entry) => [entry.callsign, entry.homePost]));
  const fleet = createFleet(
    seed,
    graph,
    devices.map(({ callsign, kind, homePost }) => ({
      callsign,
      kind,
      homePost: homePost ?? homes.get(callsign) ?? findRoadPost(graph, createStream(seed, `home:${callsign}`)),
    })),
  );
  const startMs = Date.now();
  const toDeviceFix = (fix: FleetFix): DeviceFix => ({
    ...fix,
    fixedAtMs: startMs + Math.round(fix.fixedAtMs / speed),
  });
  let asked = 0;
  return runLinks({
    url: options.url,
    seed,
    devices,
    log: (line) => process.stdout.write(`${JSON.stringify(line)}\n`),
    play(links) {
      const sentAtMs = Date.now();
      for (const { unit, backlog, fixes } of fleet.step((sentAtMs - startMs) * speed)) {
        const device = devices[unit]!;
        const publishes = encodeFixes(device, fixes.map(toDeviceFix), {
          backlog,
          asked: false,
          isRaw: false,
          sentAtMs,
        });
        for (const publish of publishes) links[unit]!.offer(publish);
      }
      return true;
    },
    onReportRequest(unit, link) {
      const fix = fleet.findLastFix(unit);
      if (!fix) return;
      const sentAtMs = Date.now();
      const now: DeviceFix = { ...fix, fixedAtMs: sentAtMs, seq: ASKED_SEQ + asked++ };
      const how = { backlog: false, asked: true, isRaw: false, sentAtMs };
      for (const publish of encodeFixes(devices[unit]!, [now], how)) link.offer(publish);
    },
  });
}
