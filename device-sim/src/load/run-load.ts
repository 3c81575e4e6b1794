import type { BinaryPingFix } from "@wufen/contract";
import { createRandom } from "../random.ts";
import { AcknowledgedLog } from "./acknowledged-log.ts";
import { LoadDevice, type LoadEvents } from "./load-device.ts";

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly devices: readonly { readonly deviceId: string; readonly secret: string }[];
  /** Fixes a second over all devices. */
  readonly rate: number;
  readonly seconds: number;
  /** Loopback addresses the connections are spread over, 127.0.0.1 upwards; 0: the system's choice. */
  readonly addresses: number;
  /** New connections a second while opening. */
  readonly connectRate: number;
  /** Longest wait at the end for what was sent and not acknowledged. */
  readonly drainSeconds: number;
  readonly seed: number;
  readonly center: readonly [lng: number, lat: number];
  /** Told once a second. */
  readonly onProgress: (line: LoadCounts) => void;
  readonly signal: AbortSignal;
}

export interface LoadCounts {
  readonly connected: number;
  readonly produced: number;
  readonly acknowledged: number;
  readonly dropped: number;
  readonly lostConnections: number;
  readonly refusedConnections: number;
  readonly waiting: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
}

const TICK_MS = 10;
const LATENCY_BUCKETS = 20_000;

/** Opens all devices, plays `rate` fixes a second for `seconds`, waits for the last acknowledgements; answers counts and the log. */
export async function runLoad(
  options: LoadOptions,
): Promise<{ counts: LoadCounts; log: AcknowledgedLog; seconds: number }> {
  const log = new AcknowledgedLog();
  const latencies = new Uint32Array(LATENCY_BUCKETS);
  let lostConnections = 0;
  let refusedConnections = 0;
  let produced = 0;
  const events: LoadEvents = {
    acknowledged(device, fixes, waitedMs) {
      for (const fix of fixes) log.add(device.index, fix.seq, fix.fixedAtMs);
      const bucket = Math.min(LATENCY_BUCKETS - 1, Math.max(0, waitedMs));
      latencies[bucket] = (latencies[bucket] as number) + 1;
    },
    lost: () => {
      lostConnections++;
    },
    refused: () => {
      refusedConnections++;
    },
  };
  const random = createRandom(options.seed);
  const devices = options.devices.map(({ deviceId, secret }, i) => {
    const localAddress = options.addresses > 0 ? loopback(i % options.addresses) : undefined;
    return new LoadDevice(
      i,
      deviceId,
      secret,
      { host: options.host, port: options.port, localAddress },
      events,
      random,
    );
  });
  const counts = (): LoadCounts => ({
    connected: devices.reduce((sum, device) => sum + (device.connected ? 1 : 0), 0),
    produced,
    acknowledged: log.count,
    dropped: devices.reduce((sum, device) => sum + device.dropped, 0),
    lostConnections,
    refusedConnections,
    waiting: devices.reduce((sum, device) => sum + device.waiting, 0),
    ackP50Ms: quantileOf(latencies, 0.5),
    ackP99Ms: quantileOf(latencies, 0.99),
  });
  const progress = setInterval(() => options.onProgress(counts()), 1000);

  await everyTick(options.signal, options.connectRate, devices.length, (i) => devices[i]?.open());
  await everyTick(
    options.signal,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    () => undefined,
    () => devices.every((device) => device.connected),
  );

  const startedAtMs = Date.now();
  await everyTick(options.signal, options.rate, options.rate * options.seconds, (i) => {
    const device = devices[i % devices.length];
    if (device === undefined) return;
    produced++;
    device.add(fixOf(device.index, Math.floor(i / devices.length) + 1, Date.now(), options.center));
  });
  const seconds = (Date.now() - startedAtMs) / 1000;

  const drainUntilMs = Date.now() + options.drainSeconds * 1000;
  await everyTick(
    options.signal,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    () => undefined,
    () => devices.every((device) => device.waiting === 0) || Date.now() > drainUntilMs,
  );
  clearInterval(progress);
  const last = counts();
  for (const device of devices) device.close();
  return { counts: last, log, seconds };
}

/** A slow round of some 200 m about the device's own place: no fix is implausible after the one before. */
function fixOf(index: number, seq: number, nowMs: number, [lng, lat]: readonly [number, number]): BinaryPingFix {
  const angle = nowMs / 20_000 + index;
  const east = ((index * 37) % 200) / 2500 + Math.cos(angle) * 0.002;
  const north = ((index * 53) % 200) / 2500 + Math.sin(angle) * 0.002;
  return {
    fixedAtMs: nowMs,
    seq,
    lngE7: Math.round((lng + east) * 1e7),
    latE7: Math.round((lat + north) * 1e7),
    accuracyDm: 50,
    speedCms: 1000,
    headingCdeg: Math.round((((angle * 180) / Math.PI) % 360) * 100) % 36_000,
    altitudeM: undefined,
  };
}

/** Calls `act(0)`, `act(1)` … at `perSecond` until `total`, or until `done`, or the signal; catches up after a late tick. */
function everyTick(
  signal: AbortSignal,
  perSecond: number,
  total: number,
  act: (i: number) => void,
  done: () => boolean = () => false,
): Promise<void> {
  const startedAtMs = performance.now();
  let acted = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (Number.isFinite(total)) {
        const due = Math.min(total, ((performance.now() - startedAtMs) / 1000) * perSecond);
        while (acted < due) act(acted++);
      }
      if (acted >= total || done() || signal.aborted) {
        clearInterval(timer);
        resolve();
      }
    }, TICK_MS);
  });
}

function loopback(i: number): string {
  return `127.0.${Math.floor(i / 250)}.${(i % 250) + 1}`;
}

function quantileOf(buckets: Uint32Array, q: number): number {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let ms = 0; ms < buckets.length; ms++) {
    seen += buckets[ms] as number;
    if (seen >= q * total && seen > 0) return ms;
  }
  return 0;
}
