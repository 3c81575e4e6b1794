import { FEED_FLAG, FIX_FLAG, type Fix, type Health, type NearestAnswer, type Unit } from "@wufen/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DatabaseGate } from "./support/database-gate.ts";
import { TestDesk } from "./support/desk.ts";
import { Client, Dispatch } from "./support/dispatch.ts";
import { fixOf } from "./support/fake-broker.ts";

let dispatch: Dispatch;
let gate: DatabaseGate;
let admin: Client;
/** Device numbers and unit numbers of a roster of three. */
let devices: number[];
let units: number[];
const opened: TestDesk[] = [];

beforeEach(async () => {
  dispatch = await Dispatch.create();
  gate = await DatabaseGate.open(dispatch.database.url);
  await dispatch.start({ DATABASE_URL: gate.url });
  admin = await dispatch.signIn();
  await admin.post("/api/roster", {
    units: ["A", "B", "C"].map((callsign) => ({ callsign, kind: "car", deviceKind: "handset" })),
  });
  const rows = await dispatch.sql<
    { no: number; device_no: number }[]
  >`SELECT no, device_no FROM unit ORDER BY callsign`;
  devices = rows.map(({ device_no }) => device_no);
  units = rows.map(({ no }) => no);
});
afterEach(async () => {
  for (const desk of opened.splice(0)) desk.close();
  gate.reopen();
  await dispatch.stop();
  await gate.close();
});

async function openDesk(): Promise<TestDesk> {
  const { cookie } = await dispatch.signIn("desk");
  const desk = await TestDesk.open(dispatch.base, { cookie });
  opened.push(desk);
  await desk.until(() => desk.seq >= 0);
  return desk;
}

let placed = 0;
function fixAt(unit: number, more: Partial<Fix> = {}): Fix {
  placed++;
  return fixOf({
    deviceNo: devices[unit] ?? 0,
    fixedAtMs: Date.now() - 1000 + placed,
    lngE7: 1_143_000_000 + placed,
    ...more,
  });
}

function isAt(desk: TestDesk, unit: number, fix: Fix): boolean {
  return desk.rows.get(units[unit] ?? 0)?.lngE7 === fix.lngE7;
}

async function restart(): Promise<void> {
  await dispatch.stopServer();
  await dispatch.start({ DATABASE_URL: gate.url });
}

describe("a ping's way to the desk", () => {
  it("goes over the bus into the feed", async () => {
    const desk = await openDesk();
    const fix = fixAt(0, { flags: FIX_FLAG.simulated });
    await dispatch.broker.publish([fix]);
    await desk.until(() => isAt(desk, 0, fix));
    const row = desk.rows.get(units[0] ?? 0);
    expect(row?.flags).toBe(FEED_FLAG.hasPosition | FEED_FLAG.simulated);
    expect(row?.positionAtMs).toBe(fix.fixedAtMs);
  });

  it("is found in the database where the bus lost it, at the next heartbeat", async () => {
    const desk = await openDesk();
    await dispatch.broker.publish([fixAt(0)]);
    const lost = fixAt(1);
    await dispatch.broker.commit([lost]);
    await desk.until(() => isAt(desk, 1, lost));
  });

  it("is found where its broker died between commit and bus", async () => {
    const desk = await openDesk();
    await dispatch.broker.publish([fixAt(0)]);
    const last = fixAt(1);
    await dispatch.broker.commit([last]);
    await dispatch.broker.die();
    await dispatch.broker.start();
    const next = fixAt(2);
    await dispatch.broker.publish([next]);
    await desk.until(() => isAt(desk, 1, last) && isAt(desk, 2, next));
  });

  it("is shown after a restart, from what was saved and from what came meanwhile", async () => {
    const desk = await openDesk();
    const before = [fixAt(0), fixAt(1)];
    await dispatch.broker.publish(before);
    await desk.until(() => before.every((fix, i) => isAt(desk, i, fix)));
    await dispatch.stopServer();
    expect(desk.closed).toBe(1001);
    const [saved] = await dispatch.sql`SELECT count(*)::int AS n FROM latest_fix`;
    expect(saved?.n).toBe(2);
    const meanwhile = fixAt(2);
    await dispatch.broker.commit([meanwhile]);
    await dispatch.start({ DATABASE_URL: gate.url });
    const again = await openDesk();
    await again.until(() => isAt(again, 0, before[0] as Fix) && isAt(again, 2, meanwhile));
    const sameCookie = new Client(dispatch.base);
    sameCookie.cookie = admin.cookie;
    expect((await sameCookie.get("/api/session")).status).toBe(200);
  });

  it("[P5] doubts survive a restart: the third that agrees moves the unit", async () => {
    const first = fixAt(0);
    const jumps = [1, 2, 3].map((i) => fixAt(0, { lngE7: 1_200_000_000 + i }));
    const [one, two, three] = jumps as [Fix, Fix, Fix];
    let desk = await openDesk();
    await dispatch.broker.publish([first, one, two]);
    const no = units[0] ?? 0;
    await desk.until(() => ((desk.rows.get(no)?.flags ?? 0) & FEED_FLAG.implausible) !== 0);
    expect(isAt(desk, 0, first)).toBe(true);
    await restart();
    desk = await openDesk();
    await dispatch.broker.publish([three]);
    await desk.until(() => isAt(desk, 0, three));
    await dispatch.stopServer();
    const [kept] = await dispatch.sql`SELECT late::int, implausible::int FROM kept_unmoved`;
    expect(kept).toEqual({ late: 0, implausible: 2 });
  });

  it("shows whether the device's connection stands", async () => {
    const desk = await openDesk();
    const deviceNo = devices[0] ?? 0;
    const { broker, epoch } = dispatch.broker;
    const change = { deviceNo, online: true, atMs: Date.now() };
    dispatch.broker.send({ kind: "presence", broker, epoch, changes: [change] });
    await desk.until(() => desk.rows.get(units[0] ?? 0)?.flags === FEED_FLAG.online);
  });
});

describe("[P9] the database down", () => {
  it.each(["shut", "freeze"] as const)("(%s) keeps the desks, says so, and recovers by itself", async (how) => {
    const desk = await openDesk();
    const before = fixAt(0);
    await dispatch.broker.publish([before]);
    await desk.until(() => isAt(desk, 0, before) && desk.findLast("health")?.brokers.length === 1);
    gate[how]();
    await desk.until(() => desk.findLast("health")?.database === false);
    const frozenSinceMs = desk.findLast("health")?.positionsFrozenSinceMs ?? 0;
    expect(Math.abs(Date.now() - frozenSinceMs)).toBeLessThan(30_000);
    expect((await admin.post<NearestAnswer>("/api/nearest", { place: [114.3, 30.6] })).body.units).toHaveLength(1);
    const edit = await admin.post<Unit>("/api/units", { callsign: "D", kind: "car" });
    expect(edit.body).toMatchObject({ code: "DATABASE_DOWN" });
    expect(edit.status).toBe(503);
    expect((await admin.get<Health>("/healthz")).body).toMatchObject({ ok: false, database: false });
    gate.reopen();
    await desk.until(() => desk.findLast("health")?.positionsFrozenSinceMs === null);
    expect(desk.closed).toBeUndefined();
    const after = fixAt(0);
    await dispatch.broker.publish([after]);
    await desk.until(() => isAt(desk, 0, after));
    const more = await admin.post<Unit>("/api/units", { callsign: "E", kind: "car" });
    expect(more.status).toBe(201);
    await desk.until(() => desk.findLast("units")?.upsert.some(({ callsign }) => callsign === "E") === true);
  });

  it("says that positions are frozen where no broker is heard", async () => {
    const desk = await openDesk();
    await desk.until(() => desk.findLast("health")?.brokers[0]?.connected === true);
    await dispatch.broker.die();
    await desk.until(() => typeof desk.findLast("health")?.positionsFrozenSinceMs === "number");
    expect(desk.findLast("health")).toMatchObject({ database: true, brokers: [{ connected: false }] });
    await dispatch.broker.start();
    await desk.until(() => desk.findLast("health")?.positionsFrozenSinceMs === null);
  });
});
