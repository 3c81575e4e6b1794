import type { Position, UnitKind } from "@wufen/contract";
import type { RoadGraph } from "@wufen/road-network";
import { between, chance, createStream, type Random } from "../random.ts";
import { createReceiver, type Measured } from "./gnss.ts";
import { createMotion, type TruePosition } from "./motion.ts";
import { MOTION_PROFILES } from "./motion-profile.ts";
import { createRouteFinder } from "./route-finder.ts";

export interface FleetUnit {
  callsign: string;
  kind: UnitKind;
  homePost: Position;
}

/** One measured position; times are ms since the start of the run. */
export interface FleetFix extends Measured {
  fixedAtMs: number;
  seq: number;
  batteryPercent: number | undefined;
}

/** What a device hands to its link at a time. */
export interface FleetMessage {
  /** Position in the list of units. */
  unit: number;
  dueMs: number;
  /** Kept on the device while it had no network. */
  backlog: boolean;
  fixes: FleetFix[];
}

export interface Fleet {
  /** All messages due after the last call and up to `toMs`, in order of time. A function of seed, units and times only. */
  step(toMs: number): FleetMessage[];
  /** Where a unit was at its last fix; absent before the first. For a command that asks for the position now. */
  findLastFix(unit: number): FleetFix | undefined;
  /** Without noise, when the unit last measured, also where that gave no fix; for tests. */
  truth(unit: number): TruePosition | undefined;
}

const OUTAGE_EVERY_MS = 28 * 60_000;
const OUTAGE_MS: [number, number] = [15_000, 95_000];
const SLEEP_MS: [number, number] = [3 * 60_000, 8 * 60_000];
/** A device whose acknowledgement got lost sends the message again. */
const REPEAT_SHARE = 1 / 600;
const LATENCY_MS: [number, number] = [20, 180];
/** Fixes that a device without network keeps; then the oldest go. */
const BACKLOG_LIMIT = 120;

export function createFleet(seed: number, graph: RoadGraph, units: readonly FleetUnit[]): Fleet {
  const findRoute = createRouteFinder(graph);
  const players = units.map((unit, i) => createPlayer(unit, i, createStream(seed, `unit:${unit.callsign}`)));
  return {
    step(toMs) {
      const due = players.flatMap((player) => player.play(toMs));
      return due.sort((a, b) => a.dueMs - b.dueMs || a.unit - b.unit);
    },
    findLastFix: (unit) => players[unit]?.lastFix(),
    truth: (unit) => players[unit]?.lastTruth(),
  };

  function createPlayer({ kind, homePost }: FleetUnit, unit: number, random: Random) {
    const profile = MOTION_PROFILES[kind];
    const motion = createMotion({
      graph,
      findRoute,
      profile,
      isOnFoot: kind === "foot" || kind === "boat",
      homePost,
      random,
    });
    const measure = createReceiver(profile, random);
    const movingMs = between(random, ...profile.movingFixMs);
    const standingMs = between(random, ...profile.standingFixMs);
    const batteryAtStart = between(random, 55, 100);
    let nextFixMs = between(random, 0, movingMs);
    let seq = 0;
    let outage = nextPhase(0, OUTAGE_EVERY_MS, OUTAGE_MS);
    let sleep = profile.sleepEveryMs > 0 ? nextPhase(0, profile.sleepEveryMs, SLEEP_MS) : undefined;
    let held: FleetFix[] = [];
    let waiting: FleetMessage[] = [];
    let last: FleetFix | undefined;
    let lastTruth: TruePosition | undefined;

    /** Phases begin at random moments, `everyMs` apart in the mean. */
    function nextPhase(afterMs: number, everyMs: number, [low, high]: [number, number]) {
      const fromMs = afterMs - Math.log(1 - random()) * everyMs;
      return { fromMs, toMs: fromMs + between(random, low, high) };
    }

    function takeFix(atMs: number): void {
      const truth = motion.advance(atMs);
      lastTruth = truth;
      const fixedAtMs = Math.round(atMs);
      nextFixMs = atMs + (truth.speedMs > 0 ? movingMs : standingMs) * between(random, 0.95, 1.05);
      if (outage.toMs < atMs) {
        if (held.length > 0) waiting.push({ unit, dueMs: fixedAtMs, backlog: true, fixes: held });
        held = [];
        outage = nextPhase(atMs, OUTAGE_EVERY_MS, OUTAGE_MS);
      }
      if (sleep && sleep.toMs < atMs) sleep = nextPhase(atMs, profile.sleepEveryMs, SLEEP_MS);
      const isAsleep = sleep !== undefined && atMs >= sleep.fromMs;
      const measured = measure(truth, atMs);
      // No sky in a tunnel, no fix.
      if (truth.isInTunnel || isAsleep) return;
      const spentPercent = (profile.batteryPercentPerHour * atMs) / 3_600_000;
      const batteryPercent =
        profile.batteryPercentPerHour > 0 ? Math.max(4, Math.round(batteryAtStart - spentPercent)) : undefined;
      const fix: FleetFix = { ...measured, fixedAtMs, seq: seq++, batteryPercent };
      last = fix;
      if (atMs >= outage.fromMs) {
        held.push(fix);
        if (held.length > BACKLOG_LIMIT) held.shift();
        return;
      }
      const message = {
        unit,
        dueMs: fixedAtMs + Math.round(between(random, ...LATENCY_MS)),
        backlog: false,
        fixes: [fix],
      };
      waiting.push(message);
      if (chance(random, REPEAT_SHARE)) waiting.push({ ...message, dueMs: message.dueMs + 1_500 });
    }

    return {
      play(toMs: number): FleetMessage[] {
        while (nextFixMs <= toMs) takeFix(nextFixMs);
        const due = waiting.filter((m) => m.dueMs <= toMs);
        if (due.length > 0) waiting = waiting.filter((m) => m.dueMs > toMs);
        return due;
      },
      lastFix: () => last,
      lastTruth: () => lastTruth,
    };
  }
}
