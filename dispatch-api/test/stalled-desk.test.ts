import { FEED_VERSION } from "@wufen/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestDesk } from "./support/desk.ts";
import { type Client, Dispatch } from "./support/dispatch.ts";
import { fixOf } from "./support/fake-broker.ts";

const UNITS = 2000;
/** More than a kernel keeps for two ends of a loopback connection, and our own limit. */
const HELD_LIMIT_BYTES = 40_000_000;

let dispatch: Dispatch;
let admin: Client;

beforeAll(async () => {
  dispatch = await Dispatch.create();
  await dispatch.start();
  admin = await dispatch.signIn();
  const units = Array.from({ length: UNITS }, (_, i) => ({
    callsign: nameOf(i, 0),
    kind: "car",
    deviceKind: "handset",
  }));
  expect((await admin.post("/api/roster", { units })).status).toBe(201);
});
afterAll(() => dispatch.stop());

/** As long as a callsign may be. */
function nameOf(unit: number, round: number): string {
  return `${unit}-${round}`.padEnd(80, "x");
}

async function openDesk(): Promise<TestDesk> {
  const desk = await TestDesk.open(dispatch.base, { cookie: admin.cookie });
  await desk.until(() => desk.seq >= 0);
  return desk;
}

function callsigns(desk: TestDesk): Map<number, string> {
  const known = new Map<number, string>();
  for (const message of desk.messages) {
    if (message.type === "units") for (const { no, callsign } of message.upsert) known.set(no, callsign);
  }
  return known;
}

async function feedMetrics(): Promise<{ bytes: number; desks: number; coalesced: number }> {
  const { body } = await admin.get<Record<"feedBytes" | "feedDesks" | "feedCoalesced", number>>("/api/metrics-json");
  return { bytes: body.feedBytes, desks: body.feedDesks, coalesced: body.feedCoalesced };
}

describe("a desk whose TCP socket is not read", () => {
  it("[F3] holds up nobody, costs a bounded memory, and gets the latest once it reads again", async () => {
    const slow = await openDesk();
    const good = await openDesk();
    slow.pause();
    const begun = (await feedMetrics()).bytes;
    let goodBytes = 0;
    // Every unit is renamed until the slow desk's share stays behind.
    for (let round = 1; ; round++) {
      const before = good.messages.length;
      await dispatch.sql`UPDATE unit SET callsign = rpad(split_part(callsign, '-', 1) || ${`-${round}`}, 80, 'x')`;
      await good.until(() => {
        const renamed = good.messages.slice(before).flatMap((said) => (said.type === "units" ? said.upsert : []));
        return (
          new Set(renamed.filter((unit) => unit.callsign.includes(`-${round}x`)).map(({ no }) => no)).size >= UNITS
        );
      });
      goodBytes += JSON.stringify(good.messages.slice(before)).length;
      const { bytes } = await feedMetrics();
      const slowBytes = bytes - begun - goodBytes;
      expect(slowBytes).toBeLessThan(HELD_LIMIT_BYTES);
      if (slowBytes < goodBytes / 2) break;
    }
    const [row] = await dispatch.sql<{ no: number; device_no: number }[]>`SELECT no, device_no FROM unit LIMIT 1`;
    const fix = fixOf({ deviceNo: row?.device_no ?? 0, fixedAtMs: Date.now() });
    await dispatch.broker.publish([fix]);
    const hasFix = (desk: TestDesk) => desk.rows.get(row?.no ?? 0)?.lngE7 === fix.lngE7;
    await good.until(() => hasFix(good));
    expect(hasFix(slow)).toBe(false);

    slow.resume();
    await slow.until(() => hasFix(slow) && slow.seq === good.seq);
    expect(slow.findLast("lagging")?.skippedFrames).toBeGreaterThan(0);
    expect([...slow.rows]).toEqual(expect.arrayContaining([...good.rows]));
    expect(callsigns(slow)).toEqual(callsigns(good));
    expect((await feedMetrics()).coalesced).toBeGreaterThan(0);
    slow.close();
    good.close();
  });

  it("is not sent everything again and again, however often it asks", async () => {
    const desk = await openDesk();
    const whole = desk.messages.reduce((bytes, message) => bytes + JSON.stringify(message).length, 0);
    desk.pause();
    const { bytes: before, desks } = await feedMetrics();
    const asks = 180;
    expect(asks * whole).toBeGreaterThan(HELD_LIMIT_BYTES);
    const words = [
      { type: "resync", why: "it asks again" },
      { type: "hello", version: FEED_VERSION },
    ];
    for (let i = 0; i < asks; i++) desk.say(words[i % 2] ?? {});
    // Heard in order: when this ends the desk, all before was answered.
    desk.sayText("the end");
    let after = await feedMetrics();
    while (after.desks >= desks) after = await feedMetrics();
    // It was heard, and sent what it may hold.
    expect(after.bytes - before).toBeGreaterThan(2 * whole);
    expect(after.bytes - before).toBeLessThan(HELD_LIMIT_BYTES);
    desk.close();
  });
});
