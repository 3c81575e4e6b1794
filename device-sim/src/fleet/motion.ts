import { EDGE_FLAG, edgeGeometry, nearestRoadDistanceM, type RoadGraph } from "@wufen/road-network";
import { between, chance, type Random } from "../random.ts";
import { type MotionProfile, WALKING_KMH } from "./motion-profile.ts";
import type { FindRoute } from "./route-finder.ts";

type LngLat = readonly [number, number];

/** Where a unit truly is; the device measures this. */
export interface TruePosition {
  /** ms since the start of the run. */
  atMs: number;
  lng: number;
  lat: number;
  speedMs: number;
  headingDeg: number;
  isInTunnel: boolean;
  /** The edge it is on. */
  edge: number;
}

export interface Motion {
  /** Drives on to a time in ms since the start of the run; never back. */
  advance(toMs: number): TruePosition;
}

export interface MotionOptions {
  graph: RoadGraph;
  findRoute: FindRoute;
  profile: MotionProfile;
  isOnFoot: boolean;
  homePost: LngLat;
  random: Random;
}

const STEP_MS = 1_000;
const LAT_M = 111_195;
const SIGNAL_CYCLE_S = 70;
const SIGNAL_RED_S = 32;
/** How far a unit stops before the middle of the crossing. */
const STOP_LINE_M = 7;
const DESTINATION_TRIES = 12;

/** One unit on the road: chooses places near its home post, drives there by the quickest way, halts, and goes on. */
export function createMotion({ graph, findRoute, profile, isOnFoot, homePost, random }: MotionOptions): Motion {
  const maxMs = profile.maxSpeedKmh / 3.6;
  const eagerness = between(random, ...profile.eagerness);
  const lngM = LAT_M * Math.cos((homePost[1] * Math.PI) / 180);
  const start = findPlace(profile.rangeM * 0.8) ?? nearestNode(homePost, 30_000);
  if (start === undefined) {
    throw new Error(
      `no road for this unit within 30 km of its post ${homePost.join(", ")}: import the map of its city`,
    );
  }
  let node = start;
  let route: number[] = [];
  let leg = 0;
  let path = createPath([nodePosition(node)]);
  let alongM = 0;
  let speedMs = 0;
  let headingDeg = 0;
  let nowMs = 0;
  let waitUntilMs = between(random, 0, 6_000);

  return {
    advance(toMs) {
      while (nowMs < toMs) {
        const step = Math.min(STEP_MS, toMs - nowMs);
        nowMs += step;
        move(step / 1000);
      }
      const at = path.at(alongM);
      if (at.headingDeg !== undefined) headingDeg = at.headingDeg;
      const edge = route[leg] ?? -1;
      const isInTunnel = edge >= 0 && ((graph.edgeFlags[edge] as number) & EDGE_FLAG.TUNNEL) !== 0;
      return { atMs: nowMs, lng: at.lng, lat: at.lat, speedMs, headingDeg, isInTunnel, edge };
    },
  };

  function move(seconds: number): void {
    if (leg >= route.length) {
      speedMs = 0;
      if (nowMs < waitUntilMs) return;
      chooseRoute();
      return;
    }
    const allowed = allowedSpeed();
    const before = speedMs;
    speedMs =
      allowed < before
        ? Math.max(allowed, before - profile.brakingMs2 * 1.6 * seconds)
        : Math.min(allowed, before + profile.accelerationMs2 * seconds);
    if (speedMs < 0.05) speedMs = 0;
    alongM += ((before + speedMs) / 2) * seconds;
    while (leg < route.length && alongM >= path.lengthM) {
      const rest = alongM - path.lengthM;
      node = graph.edgeTo[route[leg] as number] as number;
      leg++;
      if (leg === route.length) {
        arrive();
        return;
      }
      path = createPath(edgeGeometry(graph, route[leg] as number));
      alongM = rest;
    }
  }

  function arrive(): void {
    alongM = path.lengthM;
    speedMs = 0;
    waitUntilMs = nowMs + between(random, ...profile.dwellMs);
  }

  function chooseRoute(): void {
    for (let i = 0; i < DESTINATION_TRIES; i++) {
      const place = chance(random, 0.2) ? nearestNode(homePost, 2_000) : findPlace(profile.rangeM);
      if (place === undefined || place === node) continue;
      const found = findRoute(node, place, profile.access);
      if (!found || found.length === 0) continue;
      route = found;
      leg = 0;
      path = createPath(edgeGeometry(graph, route[0] as number));
      alongM = 0;
      return;
    }
    waitUntilMs = nowMs + between(random, ...profile.dwellMs);
  }

  /** The highest speed from which every turn, red light and the end ahead can still be met. */
  function allowedSpeed(): number {
    let allowed = edgeSpeedMs(leg);
    let ahead = path.lengthM - alongM;
    for (let i = leg; i < route.length; i++) {
      let through: number;
      let gap = ahead;
      if (i + 1 === route.length) {
        through = 0.4;
      } else {
        through = Math.min(turnSpeedMs(i), edgeSpeedMs(i + 1));
        if (isRed(route[i] as number)) {
          gap = Math.max(0, ahead - STOP_LINE_M);
          // Past the stop line it clears the crossing.
          if (ahead > STOP_LINE_M * 0.5) through = 0;
        }
      }
      allowed = Math.min(allowed, Math.sqrt(through * through + 2 * profile.brakingMs2 * gap));
      if (ahead > 120) break;
      if (i + 1 < route.length) ahead += (graph.edgeLengthDm[route[i + 1] as number] as number) / 10;
    }
    return allowed;
  }

  function edgeSpeedMs(index: number): number {
    if (isOnFoot) return Math.min(maxMs, (WALKING_KMH / 3.6) * eagerness);
    return Math.min(maxMs, ((graph.edgeSpeedKmh[route[index] as number] as number) / 3.6) * eagerness);
  }

  function turnSpeedMs(index: number): number {
    if (isOnFoot) return maxMs;
    const a = lastBearing(route[index] as number);
    const b = firstBearing(route[index + 1] as number);
    const turn = Math.abs(((b - a + 540) % 360) - 180);
    if (turn < 22) return maxMs;
    if (turn < 55) return 9;
    return turn < 120 ? 5 : 2.2;
  }

  /** Lights change by the run's clock, so all units see the same; the approach's bearing decides which phase it has. */
  function isRed(edge: number): boolean {
    if (isOnFoot || ((graph.edgeFlags[edge] as number) & EDGE_FLAG.SIGNAL_AT_END) === 0) return false;
    const phase =
      (graph.edgeTo[edge] as number) * 37 + (Math.floor((lastBearing(edge) + 45) / 90) % 2) * (SIGNAL_CYCLE_S / 2);
    return (nowMs / 1000 + phase) % SIGNAL_CYCLE_S < SIGNAL_RED_S;
  }

  function firstBearing(edge: number): number {
    const points = edgeGeometry(graph, edge);
    return bearing(points[0] as LngLat, points[1] as LngLat);
  }

  function lastBearing(edge: number): number {
    const points = edgeGeometry(graph, edge);
    return bearing(points[points.length - 2] as LngLat, points[points.length - 1] as LngLat);
  }

  function bearing(a: LngLat, b: LngLat): number {
    return ((Math.atan2((b[0] - a[0]) * lngM, (b[1] - a[1]) * LAT_M) * 180) / Math.PI + 360) % 360;
  }

  function findPlace(rangeM: number): number | undefined {
    for (let i = 0; i < DESTINATION_TRIES; i++) {
      const angle = between(random, 0, 2 * Math.PI);
      const radius = rangeM * Math.sqrt(random());
      const found = nearestNode(
        [homePost[0] + (Math.cos(angle) * radius) / lngM, homePost[1] + (Math.sin(angle) * radius) / LAT_M],
        250,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function nearestNode(position: LngLat, withinM: number): number | undefined {
    const road = nearestRoadDistanceM(graph, position, withinM, { access: profile.access });
    if (!road) return undefined;
    // Off the largest network a car could never leave its yard.
    if (!isOnFoot && graph.edgeComponent[road.edge] !== 0) return undefined;
    const ends = [graph.edgeTo[road.edge] as number, graph.edgeFrom[road.edge] as number];
    return ends.find((n) => !isDeadEnd(n));
  }

  /** Mostly where the extract was cut: nobody patrols there. */
  function isDeadEnd(n: number): boolean {
    return (graph.outStart[n + 1] as number) - (graph.outStart[n] as number) < 2;
  }

  function nodePosition(n: number): LngLat {
    return [(graph.nodeLng7[n] as number) / 1e7, (graph.nodeLat7[n] as number) / 1e7];
  }

  /** A polyline that can be asked for the point at a distance from its beginning. */
  function createPath(points: readonly LngLat[]) {
    const until: number[] = [0];
    for (let i = 1; i < points.length; i++) {
      const a = points[i - 1] as LngLat;
      const b = points[i] as LngLat;
      until.push((until[i - 1] as number) + Math.hypot((b[0] - a[0]) * lngM, (b[1] - a[1]) * LAT_M));
    }
    return {
      lengthM: until[until.length - 1] as number,
      at(m: number): { lng: number; lat: number; headingDeg?: number } {
        const first = points[0] as LngLat;
        if (points.length < 2) return { lng: first[0], lat: first[1] };
        let i = 1;
        while (i < points.length - 1 && (until[i] as number) < m) i++;
        const a = points[i - 1] as LngLat;
        const b = points[i] as LngLat;
        const length = (until[i] as number) - (until[i - 1] as number) || 1;
        const t = Math.max(0, Math.min(1, (m - (until[i - 1] as number)) / length));
        return { lng: a[0] + (b[0] - a[0]) * t, lat: a[1] + (b[1] - a[1]) * t, headingDeg: bearing(a, b) };
      },
    };
  }
}
