import { decodeBinaryPing, LIMITS, type OwnTracksLocation, ownTracksCommandTopic, statusTopic } from "@wufen/contract";
import { afterEach, describe, expect, it } from "vitest";
import { createRandom } from "../random.ts";
import { type SmallBroker, startSmallBroker } from "../testing/small-broker.ts";
import type { DeviceCredentials } from "./credentials.ts";
import { createLinkCounts, DeviceLink, QUEUE_LIMIT } from "./device-link.ts";
import { type DeviceFix, encodeFixes, type Publish } from "./encode-fixes.ts";
import { toWgs84 } from "./gcj02.ts";

const device: DeviceCredentials = {
  deviceId: "dev-1",
  secret: "long and random",
  kind: "car",
  callsign: "C-001",
  protocol: "binary",
  datum: "wgs84",
};
const opened: { link?: DeviceLink; broker?: SmallBroker }[] = [];
afterEach(async () => {
  for (const { link, broker } of opened.splice(0)) {
    await link?.stop();
    await broker?.close();
  }
});

const numbered = (n: number): Publish => ({
  topic: "wufen/dev-1/ping",
  payload: Buffer.from(String(n)),
  retain: false,
  fixes: 1,
});

function createLink(url: string, options: { device?: DeviceCredentials; onReportRequest?: () => void } = {}) {
  const counts = createLinkCounts();
  const link = new DeviceLink({
    url,
    device: options.device ?? device,
    counts,
    random: createRandom(1),
    onReportRequest: options.onReportRequest ?? (() => {}),
  });
  return { link, counts };
}

describe("a device's link", () => {
  it("sends again, in order, what was not acknowledged when the connection was lost [P7]", async () => {
    const taken: number[] = [];
    let done = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    let cuts = 0;
    const broker = await startSmallBroker({
      onPublish(packet) {
        if (packet.topic === statusTopic("dev-1")) return true;
        const n = Number(packet.payload.toString());
        // Dies at the 6th and the 31st, before the acknowledgement.
        if ((n === 5 && cuts === 0) || (n === 30 && cuts === 1)) {
          cuts++;
          broker.cutAll();
          return false;
        }
        taken.push(n);
        if (n === 59) done();
        return true;
      },
    });
    const { link, counts } = createLink(broker.url);
    opened.push({ link, broker });
    for (let n = 0; n < 60; n++) link.offer(numbered(n));
    link.start(0);
    await all;
    const firstSeen = [...new Set(taken)];
    expect(firstSeen).toEqual(Array.from({ length: 60 }, (_, n) => n));
    expect(counts.connects).toBe(3);
    expect(counts.disconnects).toBe(2);
    expect(broker.connects[0]).toMatchObject({ clientId: "dev-1", username: "dev-1", protocolVersion: 4, clean: true });
    expect(broker.connects[0]!.password!.toString()).toBe("long and random");
    expect(broker.connects[0]!.will).toMatchObject({ topic: statusTopic("dev-1"), qos: 1 });
  });

  it("keeps at most the named number, drops the oldest, and counts them", async () => {
    const { link, counts } = createLink("mqtt://127.0.0.1:1");
    opened.push({ link });
    for (let n = 0; n < QUEUE_LIMIT + 25; n++) link.offer(numbered(n));
    expect(link.queued).toBe(QUEUE_LIMIT);
    expect(counts.dropped).toBe(25);
  });

  it("counts a refused CONNECT by its code and tries again", async () => {
    let calls = 0;
    let connected = () => {};
    const isConnected = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const broker = await startSmallBroker({
      connack: () => (calls++ === 0 ? 3 : 0),
      onPublish: () => {
        connected();
        return true;
      },
    });
    const { link, counts } = createLink(broker.url);
    opened.push({ link, broker });
    link.start(0);
    await isConnected;
    expect(counts.refusedConnects).toEqual({ 3: 1 });
    expect(counts.connects).toBe(1);
  });

  it("stops although the broker acknowledges nothing any more", async () => {
    let taken = () => {};
    const isTaken = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const broker = await startSmallBroker({
      onPublish: () => {
        taken();
        return false;
      },
    });
    const { link, counts } = createLink(broker.url);
    opened.push({ broker });
    link.offer(numbered(0));
    link.start(0);
    await isTaken;
    await link.stop();
    expect(link.isOnline).toBe(false);
    expect(link.queued).toBe(1);
    expect(counts.acknowledged).toBe(0);
  });

  it("answers reportLocation, and keeps its session as the OwnTracks app does", async () => {
    const ownTracks: DeviceCredentials = { ...device, protocol: "owntracks" };
    const broker = await startSmallBroker({
      onPublish: () => {
        broker.send(ownTracksCommandTopic("dev-1"), "{ not json");
        broker.send(ownTracksCommandTopic("dev-1"), '{"_type":"cmd","action":"reportLocation"}');
        return true;
      },
    });
    await new Promise<void>((resolve) => {
      const { link } = createLink(broker.url, { device: ownTracks, onReportRequest: resolve });
      opened.push({ link, broker });
      link.offer(numbered(0));
      link.start(0);
    });
    expect(broker.connects[0]).toMatchObject({ clean: false, will: { topic: "owntracks/dev-1/dev-1" } });
  });
});

describe("encoded fixes", () => {
  const fix = (n: number): DeviceFix => ({
    fixedAtMs: 1_786_000_000_500 + n * 1000,
    seq: n,
    lng: 114.3,
    lat: 30.6,
    accuracyM: 5.4,
    speedKmh: 36,
    headingDeg: 359.96,
    batteryPercent: 80,
  });
  const how = { backlog: true, asked: false, isRaw: false, sentAtMs: 1_786_000_900_000 };

  it("cuts a backlog into pings that fit into a packet, oldest first", () => {
    const publishes = encodeFixes(
      device,
      Array.from({ length: LIMITS.fixesPerPing + 10 }, (_, n) => fix(n)),
      how,
    );
    expect(publishes.map((p) => p.fixes)).toEqual([LIMITS.fixesPerPing, 10]);
    const seqs = publishes.flatMap(({ payload }) => {
      const result = decodeBinaryPing(payload);
      if (!result.ok) throw new Error(result.why);
      expect(payload.length).toBeLessThan(LIMITS.packetBytes);
      expect(result.ping).toMatchObject({ backlog: true, simulated: true });
      expect(result.ping.fixes[0]).toMatchObject({
        lngE7: 1_143_000_000,
        latE7: 306_000_000,
        speedCms: 1000,
        headingCdeg: 35_996,
      });
      return result.ping.fixes.map((f) => f.seq);
    });
    expect(seqs).toEqual(seqs.map((_, n) => n));
  });

  it("sends the app's JSON without what is zero, and GCJ-02 where the device is registered so", () => {
    const [publish] = encodeFixes(
      { ...device, protocol: "owntracks", datum: "gcj02" },
      [{ ...fix(0), speedKmh: 0 }],
      how,
    );
    const location = JSON.parse(Buffer.from(publish!.payload).toString()) as OwnTracksLocation;
    expect(location).toMatchObject({ _type: "location", tst: 1_786_000_000, acc: 5, batt: 80, cog: 0 });
    expect("vel" in location).toBe(false);
    expect(Math.abs(location.lon - 114.3)).toBeGreaterThan(0.003);
    const [lng, lat] = toWgs84([location.lon, location.lat]);
    expect(lng).toBeCloseTo(114.3, 5);
    expect(lat).toBeCloseTo(30.6, 5);
  });
});
