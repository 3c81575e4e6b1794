import { distance } from "@turf/turf";
import { FIX_FLAG, type Fix } from "@wufen/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LiveState } from "./live-state.ts";

const MAX_KMH = 250;

function fixOf(more: Partial<Fix> & Pick<Fix, "deviceNo" | "fixedAtMs">): Fix {
  return {
    seq: 0,
    receivedAtMs: more.fixedAtMs + 100,
    lngE7: 1_143_000_000,
    latE7: 306_000_000,
    accuracyDm: 50,
    speedCms: undefined,
    headingCdeg: 4500,
    altitudeM: -3,
    batteryPercent: undefined,
    clockOffsetMs: undefined,
    flags: 0,
    ...more,
  };
}

/** The rules again, from whole histories and with another library's distance: slow and obvious. */
class Oracle {
  readonly believed = new Map<number, Fix>();
  readonly doubted = new Map<number, Fix[]>();
  readonly heardAtMs = new Map<number, number>();
  late = 0;
  implausible = 0;

  receive(fix: Fix): void {
    const no = fix.deviceNo;
    this.heardAtMs.set(no, Math.max(fix.receivedAtMs, this.heardAtMs.get(no) ?? 0));
    if (fix.flags & FIX_FLAG.aliveOnly) return;
    let at = this.believed.get(no);
    let doubts = this.doubted.get(no) ?? [];
    if (at === undefined) {
      this.believed.set(no, fix);
      return;
    }
    if (key(fix) === key(at) || doubts.some((doubt) => key(doubt) === key(fix))) return;
    if (key(fix) < key(at)) {
      this.late++;
      return;
    }
    const before = at;
    const waiting = [...doubts, fix].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    doubts = [];
    for (const next of waiting) {
      const previous = doubts.at(-1);
      if (reachable(at, next)) {
        at = next;
        doubts = [];
      } else if (previous !== undefined && !reachable(previous, next)) doubts = [next];
      else if (doubts.length === 2) {
        at = next;
        doubts = [];
      } else doubts = [...doubts, next];
    }
    if (at === before) this.implausible++;
    this.believed.set(no, at);
    this.doubted.set(no, doubts);
  }
}

function key(fix: Fix): string {
  return `${String(fix.fixedAtMs).padStart(14, "0")}-${String(fix.seq).padStart(10, "0")}`;
}

function reachable(a: Fix, b: Fix): boolean {
  const metres = distance([a.lngE7 / 1e7, a.latE7 / 1e7], [b.lngE7 / 1e7, b.latE7 / 1e7], { units: "meters" });
  const seconds = Math.abs(b.fixedAtMs - a.fixedAtMs) / 1000 + 1;
  return metres - (a.accuracyDm ?? 500) / 10 - (b.accuracyDm ?? 500) / 10 <= (seconds * MAX_KMH) / 3.6;
}

const streams = fc.array(
  fc.record({
    deviceNo: fc.integer({ min: 1, max: 4 }),
    at: fc.integer({ min: 1, max: 60 }),
    seq: fc.integer({ min: 0, max: 1 }),
    // Places 20 km apart and some metres around them.
    town: fc.integer({ min: 0, max: 2 }),
    metres: fc.integer({ min: 0, max: 300 }),
    alive: fc.boolean(),
    accuracyDm: fc.option(fc.integer({ min: 0, max: 2000 }), { nil: undefined }),
    delayMs: fc.integer({ min: 0, max: 5000 }),
  }),
  { maxLength: 80 },
);

describe("the live state", () => {
  it("[P1, P2, P3, P5, P8] ends where the slow and obvious rules end, for any order of receipt", () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 7 }), (drawn, batch) => {
        const fixes = drawn.map(({ deviceNo, at, seq, town, metres, alive, accuracyDm, delayMs }) =>
          fixOf({
            deviceNo,
            fixedAtMs: 1_800_000_000_000 + at * 1000,
            receivedAtMs: 1_800_000_000_000 + at * 1000 + delayMs,
            seq,
            lngE7: 1_143_000_000 + town * 2_000_000 + metres * 100,
            accuracyDm,
            flags: alive && metres % 4 === 0 ? FIX_FLAG.aliveOnly : 0,
          }),
        );
        const live = new LiveState();
        const oracle = new Oracle();
        for (let i = 0; i < fixes.length; i += batch) live.receive(fixes.slice(i, i + batch));
        for (const fix of fixes) oracle.receive(fix);
        for (const no of [1, 2, 3, 4]) {
          expect(live.findBelieved(no)).toEqual(oracle.believed.get(no));
          expect(live.listDoubted(no)).toEqual(oracle.doubted.get(no) ?? []);
          expect(live.devices.heardAtMs[no]).toBe(oracle.heardAtMs.get(no) ?? 0);
        }
        const kept = live.takeKept();
        expect(kept.reduce((sum, { late }) => sum + late, 0)).toBe(oracle.late);
        expect(kept.reduce((sum, { implausible }) => sum + implausible, 0)).toBe(oracle.implausible);
      }),
      { numRuns: 300 },
    );
  });

  it("[P8] takes the clock offset of the latest message, and keeps it for those that carry none", () => {
    const live = new LiveState();
    live.receive([
      fixOf({ deviceNo: 1, fixedAtMs: 100_000, receivedAtMs: 93_000, clockOffsetMs: 7000 }),
      fixOf({ deviceNo: 1, fixedAtMs: 110_000, receivedAtMs: 103_500 }),
    ]);
    expect(live.measuredAtMs(1)).toBe(103_000);
  });

  it("keeps a device's row when the columns grow", () => {
    const live = new LiveState();
    live.receive([fixOf({ deviceNo: 3, fixedAtMs: 1000 })]);
    live.receive([fixOf({ deviceNo: 99_999, fixedAtMs: 2000 })]);
    expect(live.findBelieved(3)).toEqual(fixOf({ deviceNo: 3, fixedAtMs: 1000 }));
    expect(live.findBelieved(99_999)?.fixedAtMs).toBe(2000);
    expect(() => live.receive([fixOf({ deviceNo: 5_000_000, fixedAtMs: 1 })])).toThrow("5000000");
  });

  it("[P5] judges by the kind of the unit that the device serves", () => {
    const ride = [0, 1, 2].map((i) =>
      fixOf({ deviceNo: 1, fixedAtMs: 1000 + i * 10_000, lngE7: 1_143_000_000 + i * 30_000 }),
    );
    const onFoot = new LiveState();
    onFoot.bind(1, { no: 1, kind: "foot" });
    onFoot.receive(ride);
    expect(onFoot.findBelieved(1)?.fixedAtMs).toBe(1000);
    const byCar = new LiveState();
    byCar.bind(1, { no: 1, kind: "car" });
    byCar.receive(ride);
    expect(byCar.findBelieved(1)?.fixedAtMs).toBe(21_000);
  });

  it("is the same after it was saved and restored, doubts included [P5]", () => {
    const jump = (fixedAtMs: number) => fixOf({ deviceNo: 1, fixedAtMs, lngE7: 1_200_000_000 });
    const live = new LiveState();
    live.receive([fixOf({ deviceNo: 1, fixedAtMs: 1000 }), jump(2000), jump(3000)]);
    const believed = live.findBelieved(1);
    const again = new LiveState();
    if (believed !== undefined) {
      again.restore({ believed, heardAtMs: 3100, clockOffsetMs: 0, doubted: live.listDoubted(1) });
    }
    again.receive([jump(4000)]);
    expect(again.findBelieved(1)?.fixedAtMs).toBe(4000);
  });

  it("believes the newest word about a connection", () => {
    const live = new LiveState();
    live.bind(1, { no: 7, kind: "car" });
    live.changedUnits.take();
    live.receivePresence([{ deviceNo: 1, online: true, atMs: 20 }], 1);
    live.receivePresence([{ deviceNo: 1, online: false, atMs: 10 }], 1);
    expect(live.devices.online[1]).toBe(1);
    // It moves to a broker whose clock is behind; the one it left may no longer speak for it.
    live.receivePresence([{ deviceNo: 1, online: true, atMs: 5 }], 2);
    live.receivePresence([{ deviceNo: 1, online: false, atMs: 30 }], 1);
    expect(live.devices.online[1]).toBe(1);
    live.receivePresence([{ deviceNo: 1, online: false, atMs: 6 }], 2);
    expect(live.devices.online[1]).toBe(0);
    expect(live.changedUnits.take()).toEqual([7]);
  });
});
