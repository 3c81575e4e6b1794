import { FEED_FLAG } from "@wufen/contract";
import type { FromFeedWorker } from "../engine/feed/desk-messages.ts";
import { mercatorX, mercatorY } from "../engine/mercator.ts";
import { mulberry32 } from "../engine/testing/random.ts";

/** Takes the feed worker's place: the same messages with the same transfers, every unit moved in every frame. */
const chance = mulberry32(5);
let count = 0;
let lng = new Float64Array(0);
let lat = new Float64Array(0);
const scope = self as unknown as { postMessage(message: FromFeedWorker, transfer: Transferable[]): void };

self.onmessage = ({ data }: MessageEvent<{ start: number } | { move: true }>) => {
  if ("start" in data) {
    count = data.start;
    lng = Float64Array.from({ length: count }, () => 104.0 + chance() * 0.12);
    lat = Float64Array.from({ length: count }, () => 30.6 + chance() * 0.08);
    const upsert = Array.from({ length: count }, (_, i) => ({
      no: i + 1,
      id: `u-${i + 1}`,
      callsign: `P${i + 1}`,
      kind: "car" as const,
      status: "available" as const,
      hasDevice: true,
    }));
    const order = Uint32Array.from({ length: count }, (_, i) => i + 1);
    scope.postMessage({ type: "units", change: { all: true, upsert, remove: [], order } }, []);
    post(true);
  } else {
    for (let i = 0; i < count; i++) {
      lng[i]! += (chance() - 0.5) * 2e-4;
      lat[i]! += (chance() - 0.5) * 2e-4;
    }
    post(false);
  }
};

function post(snapshot: boolean): void {
  const unitNo = Uint32Array.from({ length: count }, (_, i) => i + 1);
  const x = Uint32Array.from(lng, (degrees) => mercatorX(degrees * 1e7));
  const y = Uint32Array.from(lat, (degrees) => mercatorY(degrees * 1e7));
  const baseMs = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  const columns = {
    snapshot,
    count,
    unitNo,
    x,
    y,
    positionAt: new Int32Array(count).fill(Date.now() - baseMs),
    baseMs,
    speedCms: new Uint16Array(count).fill(900),
    headingCdeg: new Uint16Array(count).fill(4500),
    accuracyM: new Uint8Array(count).fill(8),
    status: new Uint8Array(count),
    flags: new Uint8Array(count).fill(FEED_FLAG.hasPosition | FEED_FLAG.online),
    battery: new Uint8Array(count).fill(80),
  };
  const transfer = [unitNo.buffer, x.buffer, y.buffer, columns.positionAt.buffer];
  scope.postMessage({ type: "frame", columns, delayMs: 0, coalesced: false }, transfer);
}
