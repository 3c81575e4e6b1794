import type { DeviceKind, Position, PositionDatum, UnitKind, UnitStatus } from "@wufen/contract";
import { between, chance, createStream, pick } from "../random.ts";

export type DeviceProtocol = "owntracks" | "binary";

export interface RosterEntry {
  callsign: string;
  kind: UnitKind;
  status: UnitStatus;
  deviceKind: DeviceKind;
  homePost: Position;
  protocol: DeviceProtocol;
  datum: PositionDatum;
}

/** A place that units are posted at. */
export interface Post {
  kind: "police-station" | "kiosk";
  position: readonly [number, number];
}

const KINDS: { kind: UnitKind; prefix: string; share: number; deviceKind: DeviceKind; ownTracksShare: number }[] = [
  { kind: "foot", prefix: "P", share: 0.45, deviceKind: "handset", ownTracksShare: 0.7 },
  { kind: "car", prefix: "C", share: 0.35, deviceKind: "vehicle-terminal", ownTracksShare: 0.1 },
  { kind: "motorcycle", prefix: "M", share: 0.2, deviceKind: "handset", ownTracksShare: 0.35 },
];
/** How a shift looks at any moment; an emergency is never made up. */
const STATUSES: { status: UnitStatus; share: number }[] = [
  { status: "available", share: 0.78 },
  { status: "en-route", share: 0.08 },
  { status: "on-scene", share: 0.06 },
  { status: "busy", share: 0.05 },
  { status: "off-duty", share: 0.03 },
];
/** Vehicle terminals of Chinese make often send GCJ-02. */
const GCJ_SHARE = 0.25;

/**
 * The demo's units, the same for the same seed: foot patrols start from kiosks, cars from stations, motorcycles from
 * both. `findPost` gives a place where there are no posts.
 */
export function demoRoster(
  seed: number,
  units: number,
  posts: readonly Post[],
  findPost: (random: () => number) => Position,
): RosterEntry[] {
  const random = createStream(seed, "roster");
  const statuses = createStream(seed, "statuses");
  const numbers = new Map<UnitKind, number>();
  return Array.from({ length: units }, () => {
    // The kind whose share is most behind comes next, so that any number of units has the right mixture.
    const made = [...numbers.values()].reduce((a, b) => a + b, 0) + 1;
    const next = KINDS.reduce((best, k) => {
      const lag = (x: typeof k) => x.share * made - (numbers.get(x.kind) ?? 0);
      return lag(k) > lag(best) + 1e-9 ? k : best;
    });
    const no = (numbers.get(next.kind) ?? 0) + 1;
    numbers.set(next.kind, no);
    const wanted = next.kind === "foot" ? "kiosk" : next.kind === "car" ? "police-station" : undefined;
    const suitable = posts.filter((p) => wanted === undefined || p.kind === wanted || chance(random, 0.15));
    const post = suitable.length > 0 ? pick(random, suitable).position : findPost(random);
    return {
      callsign: `${next.prefix}-${String(no).padStart(3, "0")}`,
      kind: next.kind,
      status: pickStatus(statuses),
      deviceKind: next.deviceKind,
      homePost: [post[0], post[1]],
      protocol: between(random, 0, 1) < next.ownTracksShare ? "owntracks" : "binary",
      datum: next.deviceKind === "vehicle-terminal" && chance(random, GCJ_SHARE) ? "gcj02" : "wgs84",
    };
  });
}

function pickStatus(random: () => number): UnitStatus {
  let left = random();
  for (const { status, share } of STATUSES) {
    left -= share;
    if (left < 0) return status;
  }
  return "available";
}
