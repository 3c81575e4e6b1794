import { encodeBinaryPing } from "@wufen/contract";

export interface PingFix {
  readonly fixedAtMs: number;
  readonly seq: number;
}

/** A binary ping with the given times and numbers at one place. */
export function binaryPing(...fixes: PingFix[]): Uint8Array {
  return encodeBinaryPing({
    sentAtMs: Date.now(),
    batteryPercent: 80,
    simulated: false,
    backlog: false,
    fixes: fixes.map((fix) => ({
      ...fix,
      lngE7: 1_143_000_000,
      latE7: 301_000_000,
      accuracyDm: 80,
      speedCms: 0,
      headingCdeg: undefined,
      altitudeM: undefined,
    })),
  });
}

export function ownTracksLocation(over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    _type: "location",
    lat: 30.1,
    lon: 114.3,
    tst: Math.floor(Date.now() / 1000),
    acc: 8,
    ...over,
  });
}
