import {
  decodeFeedFrame,
  FEED_FLAG,
  FEED_VERSION,
  type FeedFrame,
  FeedToDesk,
  type FeedUnit,
  UNIT_STATUSES,
} from "@wufen/contract";
import fc from "fast-check";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import {
  CLOSE_GOING_AWAY,
  FEED_BUFFERED_LIMIT_BYTES,
  FEED_DESKS_LIMIT,
  FEED_EPOCH_MS,
  FEED_HELLO_MS,
  FEED_STALLED_MS,
  FeedHub,
  type FeedSocket,
} from "./feed-hub.ts";
import type { FeedMessage } from "./feed-log.ts";
import { LiveState } from "./live-state.ts";
import { Registry, type UnitRecord } from "./registry.ts";

const START_MS = 1_800_000_000_000;

/** A desk's socket whose reader may be slow, and a desk that holds what was read by the rules of the feed. */
class SlowDesk implements FeedSocket {
  readonly texts: FeedToDesk[] = [];
  readonly frames: FeedFrame[] = [];
  readonly units = new Map<number, FeedUnit>();
  readonly rows = new Map<number, string>();
  seq = -1;
  epoch = -1;
  closed: number | undefined;
  reads = true;
  #unread: FeedMessage[] = [];

  send(message: FeedMessage): void {
    this.#unread.push(message);
    if (this.reads) this.read();
  }

  bufferedBytes(): number {
    // Whatever is unread is too much.
    return this.#unread.length === 0 ? 0 : FEED_BUFFERED_LIMIT_BYTES + 1;
  }

  close(code: number): void {
    this.closed = code;
  }

  read(): void {
    for (const message of this.#unread) this.#hear(message);
    this.#unread = [];
  }

  #hear(message: FeedMessage): void {
    if (typeof message !== "string") {
      this.#see(decodeFeedFrame(message));
      return;
    }
    const said: unknown = JSON.parse(message);
    if (!Value.Check(FeedToDesk, said)) throw new Error(`not a message of the feed: ${message}`);
    this.texts.push(said);
    if (said.type === "welcome") this.epoch = said.epoch;
    if (said.type !== "units") return;
    if (said.all) this.units.clear();
    else this.#advance(said.fromSeq, said.seq);
    for (const unit of said.upsert) this.units.set(unit.no, unit);
    for (const no of said.remove) {
      this.units.delete(no);
      this.rows.delete(no);
    }
  }

  #see(frame: FeedFrame): void {
    this.frames.push(frame);
    expect(frame.epoch).toBe(this.epoch);
    if (frame.kind === "snapshot") {
      this.rows.clear();
      this.seq = frame.toSeq;
    } else this.#advance(frame.fromSeq, frame.toSeq);
    const { unitNo, ...values } = frame.columns;
    for (let i = 0; i < frame.count; i++) {
      this.rows.set(
        unitNo[i] ?? 0,
        Object.values(values)
          .map((column) => column[i])
          .join(),
      );
    }
  }

  #advance(from: number, to: number): void {
    if (from !== this.seq) throw new Error(`[F2] a step from ${from} came to a desk at ${this.seq}`);
    this.seq = to;
  }
}

function unitOf(no: number, more: Partial<UnitRecord> = {}): UnitRecord {
  const base = { id: `u-${no}`, callsign: `P${no}`, kind: "car", status: "available" } as const;
  return { no, ...base, homePost: null, deviceNo: no, ...more };
}

class Scene {
  readonly live = new LiveState();
  readonly registry = new Registry();
  readonly hub: FeedHub;
  nowMs = START_MS;

  constructor(units: readonly UnitRecord[] = []) {
    this.registry.apply({ devices: [], units, goneDevices: [], goneUnits: [] });
    for (const unit of units) if (unit.deviceNo !== null) this.live.bind(unit.deviceNo, unit);
    this.hub = new FeedHub(this.live, this.registry, { epoch: 7, nowMs: START_MS });
    this.hub.tick(this.nowMs);
  }

  join(): SlowDesk {
    const socket = new SlowDesk();
    const desk = this.hub.join(socket, { name: "d", role: "dispatcher" }, this.nowMs);
    if (desk !== undefined) this.hub.hear(desk, JSON.stringify({ type: "hello", version: FEED_VERSION }), this.nowMs);
    return socket;
  }

  move(no: number, metres: number): void {
    this.nowMs += 1000;
    const fixedAtMs = this.nowMs;
    this.live.receive([
      {
        deviceNo: no,
        fixedAtMs,
        seq: 0,
        receivedAtMs: fixedAtMs,
        lngE7: 1_143_000_000 + metres * 100,
        latE7: 306_000_000,
        accuracyDm: 55,
        speedCms: 120,
        headingCdeg: 100,
        altitudeM: undefined,
        batteryPercent: 50,
        clockOffsetMs: undefined,
        flags: 0,
      },
    ]);
  }

  change(units: readonly UnitRecord[], gone: readonly number[] = []): void {
    for (const unit of units) if (unit.deviceNo !== null) this.live.bind(unit.deviceNo, unit);
    const change = this.registry.apply({ devices: [], units, goneDevices: [], goneUnits: gone });
    this.hub.changeUnits(change.upserted, change.removed, this.nowMs);
  }

  tick(ms = 250): void {
    this.nowMs += ms;
    this.hub.tick(this.nowMs);
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("move" as const),
        no: fc.integer({ min: 1, max: 6 }),
        metres: fc.nat(50),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant("tick" as const), ms: fc.constantFrom(250, 250, 250, 130_000) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("status" as const),
        no: fc.integer({ min: 1, max: 8 }),
        status: fc.constantFrom(...UNIT_STATUSES),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), no: fc.integer({ min: 1, max: 8 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("pace" as const), desk: fc.nat(3), reads: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("resync" as const), desk: fc.nat(3) }) },
  ),
  { maxLength: 80 },
);

describe("the feed", () => {
  it("[F1, F2, F3] snapshot@n and the changes to m are the snapshot@m, for slow readers too", () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        const scene = new Scene([1, 2, 3, 4].map((no) => unitOf(no)));
        const desks = Array.from({ length: 4 }, () => scene.join());
        for (const step of drawn) {
          switch (step.kind) {
            case "move":
              scene.move(step.no, step.metres);
              break;
            case "tick":
              scene.tick(step.ms);
              break;
            case "status":
              scene.change([unitOf(step.no, { status: step.status })]);
              break;
            case "remove":
              scene.change([], [step.no]);
              break;
            case "pace": {
              const desk = desks[step.desk];
              if (desk !== undefined) desk.reads = step.reads;
              if (step.reads) desk?.read();
              break;
            }
            case "resync":
              scene.join();
          }
        }
        for (const desk of desks) {
          desk.reads = true;
          desk.read();
        }
        scene.tick();
        const fresh = scene.join();
        // One that read nothing for a minute was let go.
        for (const desk of desks.filter(({ closed }) => closed === undefined)) {
          expect(desk.seq).toBe(fresh.seq);
          expect(new Map([...desk.rows].sort())).toEqual(new Map([...fresh.rows].sort()));
          expect(new Map([...desk.units].sort())).toEqual(new Map([...fresh.units].sort()));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("[F1] sends welcome, all units, a snapshot and the health, in this order", () => {
    const scene = new Scene([unitOf(1)]);
    const desk = scene.join();
    expect(desk.texts.map(({ type }) => type)).toEqual(["welcome", "units", "health"]);
    expect(desk.frames.map(({ kind, count }) => [kind, count])).toEqual([["snapshot", 1]]);
  });

  it("encodes a frame once for all desks that read in time", () => {
    const scene = new Scene([unitOf(1)]);
    const sent: FeedMessage[] = [];
    for (let i = 0; i < 2; i++) {
      const socket: FeedSocket = { send: (message) => sent.push(message), bufferedBytes: () => 0, close: () => {} };
      const desk = scene.hub.join(socket, { name: "d", role: "dispatcher" }, START_MS);
      if (desk) scene.hub.hear(desk, JSON.stringify({ type: "hello", version: FEED_VERSION }), START_MS);
    }
    sent.length = 0;
    scene.move(1, 5);
    scene.tick();
    expect(sent).toHaveLength(2);
    expect(sent[0]).toBe(sent[1]);
  });

  it("[F3] tells a slow reader and sends it the latest of each unit, not the backlog", () => {
    const scene = new Scene([unitOf(1), unitOf(2)]);
    const desk = scene.join();
    desk.reads = false;
    for (let i = 1; i <= 20; i++) {
      scene.move(1, i);
      scene.tick();
    }
    desk.reads = true;
    desk.read();
    const before = desk.frames.length;
    scene.tick();
    expect(desk.frames.slice(before).map(({ coalesced, count }) => [coalesced, count])).toEqual([[true, 1]]);
    expect(desk.texts.at(-1)).toMatchObject({ type: "lagging", skippedFrames: 19 });
  });

  it("lets a desk go that reads nothing for a minute", () => {
    const scene = new Scene([unitOf(1)]);
    const desk = scene.join();
    desk.reads = false;
    scene.move(1, 1);
    scene.tick();
    scene.tick();
    scene.tick(FEED_STALLED_MS + 1);
    expect(desk.closed).toBeDefined();
    expect(scene.hub.desks).toBe(0);
  });

  it("[F4] refuses a version it does not speak, with a reason, and closes", () => {
    const scene = new Scene();
    const socket = new SlowDesk();
    const desk = scene.hub.join(socket, { name: "d", role: "dispatcher" }, START_MS);
    if (desk) scene.hub.hear(desk, JSON.stringify({ type: "hello", version: 99 }), START_MS);
    expect(socket.texts).toMatchObject([{ type: "refused", code: "FEED_VERSION" }]);
    expect(socket.texts[0]).toHaveProperty("reason", expect.stringContaining("99"));
    expect(socket.closed).toBe(1008);
    expect(socket.frames).toEqual([]);
  });

  it.each(["", "{", "[]", '{"type":"shout"}', '{"type":"hello","version":"1"}'])("refuses %j", (text) => {
    const scene = new Scene();
    const socket = new SlowDesk();
    const desk = scene.hub.join(socket, { name: "d", role: "dispatcher" }, START_MS);
    if (desk) scene.hub.hear(desk, text, START_MS);
    expect(socket.texts).toMatchObject([{ type: "refused", code: "FEED_MESSAGE" }]);
  });

  it("closes a socket that never says hello, and sends it nothing before", () => {
    const scene = new Scene([unitOf(1)]);
    const socket = new SlowDesk();
    scene.hub.join(socket, { name: "d", role: "dispatcher" }, START_MS);
    scene.move(1, 1);
    scene.tick();
    expect(socket.texts).toEqual([]);
    scene.tick(FEED_HELLO_MS);
    expect(socket.closed).toBe(1008);
  });

  it("[F5] sends no position of a unit that is off duty, also when it goes off duty", () => {
    const scene = new Scene([unitOf(1)]);
    const desk = scene.join();
    scene.move(1, 5);
    scene.tick();
    expect(lastRow(desk, 1)).toMatchObject({ hasPosition: true });
    scene.change([unitOf(1, { status: "off-duty" })]);
    scene.move(1, 6);
    scene.tick();
    expect(lastRow(desk, 1)).toEqual({ lngE7: 0, latE7: 0, hasPosition: false });
    expect(lastRow(scene.join(), 1)).toEqual({ lngE7: 0, latE7: 0, hasPosition: false });
  });

  it("says a change of status at once, without a tick", () => {
    const scene = new Scene([unitOf(1)]);
    const desk = scene.join();
    scene.change([unitOf(1, { status: "emergency" })]);
    expect(desk.units.get(1)?.status).toBe("emergency");
  });

  it("marks a position as stale when its time comes, though nothing is received", () => {
    const scene = new Scene([unitOf(1)]);
    const desk = scene.join();
    scene.move(1, 5);
    scene.tick();
    const before = desk.frames.length;
    scene.tick(60_000);
    expect(desk.frames.length).toBe(before);
    scene.tick(61_000);
    expect(desk.frames.at(-1)?.columns.flags[0]).toBe(FEED_FLAG.hasPosition | FEED_FLAG.stale);
  });

  it("begins a new epoch before its 32-bit times run out, and sends everything anew", () => {
    const scene = new Scene([unitOf(1)]);
    const desk = scene.join();
    scene.tick(FEED_EPOCH_MS + 1);
    expect(desk.epoch).toBe(8);
    scene.move(1, 5);
    scene.tick();
    expect(lastRow(desk, 1)).toMatchObject({ hasPosition: true });
  });

  it("answers a ping with its own time", () => {
    const scene = new Scene();
    const socket = new SlowDesk();
    const desk = scene.hub.join(socket, { name: "d", role: "dispatcher" }, START_MS);
    if (desk) scene.hub.hear(desk, '{"type":"ping","sentAtMs":5}', START_MS + 3);
    expect(socket.texts).toEqual([{ type: "pong", sentAtMs: 5, serverTimeMs: START_MS + 3 }]);
  });

  it("says health when it changes and only then", () => {
    const scene = new Scene();
    const desk = scene.join();
    const health = { type: "health", database: false, brokers: [], positionsFrozenSinceMs: 5 } as const;
    scene.hub.setHealth({ ...health, brokers: [] });
    scene.hub.setHealth({ ...health, brokers: [] });
    expect(desk.texts.filter(({ type }) => type === "health")).toHaveLength(2);
  });

  it("holds a limited number of desks and lets all go when it stops", () => {
    const scene = new Scene();
    const desks = Array.from({ length: FEED_DESKS_LIMIT + 1 }, () => scene.join());
    expect(desks.at(-1)?.closed).toBe(1008);
    scene.hub.close();
    expect(desks.slice(0, -1).every(({ closed }) => closed === CLOSE_GOING_AWAY)).toBe(true);
  });
});

function lastRow(desk: SlowDesk, no: number) {
  const frame = desk.frames.findLast(({ columns }) => columns.unitNo.includes(no));
  const i = frame?.columns.unitNo.indexOf(no) ?? -1;
  return {
    lngE7: frame?.columns.lngE7[i],
    latE7: frame?.columns.latE7[i],
    hasPosition: ((frame?.columns.flags[i] ?? 0) & FEED_FLAG.hasPosition) !== 0,
  };
}
