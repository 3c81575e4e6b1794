import type { BusFrame, Fix } from "@wufen/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusFollower, EPOCH_SETTLING_MS, type StoredRows } from "./bus-follower.ts";
import { LiveState } from "./live-state.ts";

type Row = Fix & { readonly n: number };

/** A history in memory that can be out of reach. */
class History implements StoredRows {
  readonly epochs: { broker: number; epoch: number }[] = [];
  readonly rows = new Map<number, Row[]>();
  down = false;
  reads = 0;

  async listEpochs(fromEpoch: number) {
    this.#reach();
    return this.epochs.filter(({ epoch }) => epoch >= fromEpoch);
  }

  async readAfter(epoch: number, n: number) {
    this.#reach();
    // Windows smaller than the real one, so that a read takes several.
    return (this.rows.get(epoch) ?? []).filter((row) => row.n > n && row.n <= n + 3);
  }

  async findNextNumber(epoch: number, n: number) {
    this.#reach();
    return (this.rows.get(epoch) ?? []).find((row) => row.n > n)?.n;
  }

  #reach(): void {
    this.reads++;
    if (this.down) throw new Error("down");
  }
}

/** A broker that commits first and then tells, if it lives. */
class Broker {
  epoch = 0;
  n = 0;
  readonly #history: History;
  readonly #no: number;

  constructor(history: History, no: number) {
    this.#history = history;
    this.#no = no;
    this.restart();
  }

  restart(): void {
    this.epoch = this.#history.epochs.length + 1;
    this.n = 0;
    this.#history.epochs.push({ broker: this.#no, epoch: this.epoch });
    this.#history.rows.set(this.epoch, []);
  }

  commit(fixes: readonly Fix[]): BusFrame {
    const firstN = this.n + 1;
    const rows = this.#history.rows.get(this.epoch);
    for (const fix of fixes) rows?.push({ ...fix, n: ++this.n });
    return { kind: "fixes", broker: this.#no, epoch: this.epoch, firstN, fixes };
  }

  heartbeat(): BusFrame {
    return { kind: "heartbeat", broker: this.#no, epoch: this.epoch, lastN: this.n };
  }
}

function fixOf(deviceNo: number, fixedAtMs: number): Fix {
  return {
    deviceNo,
    fixedAtMs,
    seq: 0,
    receivedAtMs: fixedAtMs,
    lngE7: 0,
    latE7: 0,
    accuracyDm: 100,
    speedCms: undefined,
    headingCdeg: undefined,
    altitudeM: undefined,
    batteryPercent: undefined,
    clockOffsetMs: undefined,
    flags: 0,
  };
}

class Clock {
  nowMs = 1_000_000;
  readonly now = () => this.nowMs;
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("fixes" as const),
        broker: fc.nat(1),
        rows: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("lost" as const),
        broker: fc.nat(1),
        rows: fc.integer({ min: 1, max: 5 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("twice" as const), broker: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("heartbeat" as const), broker: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), broker: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("database" as const), down: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("tick" as const), ms: fc.integer({ min: 100, max: 5000 }) }),
    },
  ),
  { maxLength: 60 },
);

describe("the follower of the bus", () => {
  it("leaves no committed row unseen, whatever the bus loses, doubles or cuts off", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const history = new History();
        const clock = new Clock();
        const brokers = [new Broker(history, 1), new Broker(history, 2)] as const;
        const live = new LiveState();
        const follower = new BusFollower(live, history, clock.now);
        const newest = new Map<number, number>();
        let timeMs = 0;
        let last: BusFrame | undefined;
        const commit = (no: number, rows: number) => {
          const fixes = Array.from({ length: rows }, (_, i) => fixOf(1 + ((timeMs + i) % 7), ++timeMs * 1000));
          for (const fix of fixes) newest.set(fix.deviceNo, fix.fixedAtMs);
          return brokers[no as 0 | 1].commit(fixes);
        };
        for (const step of drawn) {
          switch (step.kind) {
            case "fixes":
              last = commit(step.broker, step.rows);
              follower.receive(last);
              break;
            case "lost":
              commit(step.broker, step.rows);
              break;
            case "twice":
              if (last !== undefined) follower.receive(last);
              break;
            case "heartbeat":
              follower.receive(brokers[step.broker as 0 | 1].heartbeat());
              break;
            case "restart":
              brokers[step.broker as 0 | 1].restart();
              break;
            case "database":
              history.down = step.down;
              break;
            case "tick":
              clock.nowMs += step.ms;
              await follower.tick().catch(() => undefined);
          }
        }
        history.down = false;
        // The first may join a read that began before the last step, or while the database was down.
        for (const broker of brokers) follower.receive(broker.heartbeat());
        await follower.catchUp().catch(() => undefined);
        for (const broker of brokers) follower.receive(broker.heartbeat());
        await follower.catchUp();
        for (const [no, fixedAtMs] of newest) expect(live.findBelieved(no)?.fixedAtMs).toBe(fixedAtMs);
        for (const broker of brokers) expect(follower.cursors.findNumber(broker.epoch)).toBe(broker.n);
      }),
      { numRuns: 200 },
    );
  });

  const setUp = async () => {
    const history = new History();
    const clock = new Clock();
    const broker = new Broker(history, 1);
    const live = new LiveState();
    const follower = new BusFollower(live, history, clock.now);
    await follower.catchUp();
    return { history, clock, broker, live, follower };
  };

  it("takes frames that follow one another without reading the database", async () => {
    const { history, broker, live, follower } = await setUp();
    const { reads } = history;
    for (let i = 1; i <= 5; i++) follower.receive(broker.commit([fixOf(1, i * 1000)]));
    expect(live.findBelieved(1)?.fixedAtMs).toBe(5000);
    expect(history.reads).toBe(reads);
  });

  it("takes no row twice: late fixes are counted once [P3]", async () => {
    const { broker, live, follower } = await setUp();
    follower.receive(broker.commit([fixOf(1, 9000)]));
    const late = broker.commit([fixOf(1, 1000)]);
    follower.receive(late);
    follower.receive(late);
    expect(live.takeKept()).toEqual([{ deviceNo: 1, late: 1, implausible: 0 }]);
  });

  it("reads what a broker committed and died before telling, when the next one begins", async () => {
    const { broker, live, follower } = await setUp();
    follower.receive(broker.commit([fixOf(1, 1000)]));
    broker.commit([fixOf(2, 2000)]);
    broker.restart();
    follower.receive(broker.commit([fixOf(1, 3000)]));
    await follower.catchUp();
    expect(live.findBelieved(2)?.fixedAtMs).toBe(2000);
    expect(live.findBelieved(1)?.fixedAtMs).toBe(3000);
  });

  it("reads the last epoch again for a while: its last commit may come late", async () => {
    const { history, clock, broker, live, follower } = await setUp();
    const oldEpoch = broker.epoch;
    broker.restart();
    follower.receive(broker.heartbeat());
    await follower.catchUp();
    history.rows.get(oldEpoch)?.push({ ...fixOf(5, 5000), n: 1 });
    clock.nowMs += 4000;
    follower.receive(broker.heartbeat());
    await follower.tick();
    expect(live.findBelieved(5)?.fixedAtMs).toBe(5000);
    clock.nowMs += EPOCH_SETTLING_MS;
    await follower.catchUp();
    expect(follower.cursors.list().map(({ epoch }) => epoch)).toEqual([broker.epoch]);
  });

  it("reads after three seconds of silence", async () => {
    const { clock, broker, live, follower } = await setUp();
    follower.receive(broker.heartbeat());
    broker.commit([fixOf(1, 1000)]);
    clock.nowMs += 2000;
    await follower.tick();
    expect(live.findBelieved(1)).toBeUndefined();
    clock.nowMs += 1500;
    await follower.tick();
    expect(live.findBelieved(1)?.fixedAtMs).toBe(1000);
  });

  it("does not wait for ever for rows that retention dropped", async () => {
    const { history, broker, live, follower } = await setUp();
    for (let i = 0; i < 9; i++) broker.commit([fixOf(1, 1000 + i)]);
    history.rows.set(broker.epoch, (history.rows.get(broker.epoch) ?? []).slice(7));
    follower.receive(broker.heartbeat());
    await follower.catchUp();
    expect(follower.cursors.findNumber(broker.epoch)).toBe(9);
    history.rows.set(broker.epoch, []);
    broker.commit([fixOf(1, 2000)]);
    history.rows.set(broker.epoch, []);
    follower.receive(broker.heartbeat());
    await follower.catchUp();
    expect(follower.cursors.findNumber(broker.epoch)).toBe(10);
    expect(live.findBelieved(1)?.fixedAtMs).toBe(1008);
  });

  it("keeps trying while the database is down", async () => {
    const { history, broker, live, follower } = await setUp();
    broker.commit([fixOf(1, 1000)]);
    history.down = true;
    follower.receive(broker.commit([fixOf(2, 2000)]));
    await expect(follower.catchUp()).rejects.toThrow("down");
    history.down = false;
    await follower.tick();
    expect([1, 2].map((no) => live.findBelieved(no)?.fixedAtMs)).toEqual([1000, 2000]);
  });
});
