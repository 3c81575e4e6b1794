import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Device,
  DeviceCredential,
  DeviceList,
  DeviceRefusals,
  ImportedRoster,
  NearestAnswer,
  OwnTracksConfiguration,
  PROBLEMS,
  Problem,
  ResponseArea,
  Session,
  Unit,
  UnitList,
  UnitTrack,
} from "@wufen/contract";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAILURES_PER_NAME } from "../src/domain/sign-in-limits.ts";
import { TestDesk } from "./support/desk.ts";
import { type Answer, Client, Dispatch, PASSWORD } from "./support/dispatch.ts";
import { fixOf } from "./support/fake-broker.ts";

let dispatch: Dispatch;
let admin: Client;
let desk: Client;

beforeAll(async () => {
  dispatch = await Dispatch.create();
  mkdirSync(join(dispatch.folder, "assets"));
  writeFileSync(join(dispatch.folder, "assets/main-4f3a.js"), "1");
  await dispatch.person("demo", "dispatcher", "--demo");
  await dispatch.start();
  admin = await dispatch.signIn("admin");
  desk = await dispatch.signIn("desk");
});
afterAll(() => dispatch.stop());

/** Every answer has the shape the contract declares. */
function expectShape(answer: Answer, status: number, schema: TSchema): void {
  expect(
    { status: answer.status, errors: [...Value.Errors(schema, answer.body)] },
    JSON.stringify(answer.body),
  ).toEqual({ status, errors: [] });
}

function expectProblem(answer: Answer, code: keyof typeof PROBLEMS, path?: string): void {
  expectShape(answer, PROBLEMS[code], Problem);
  expect(answer.body).toMatchObject(path === undefined ? { code } : { code, path });
}

describe("signing in", () => {
  it("gives a session in a cookie that no script reads and no other site sends", async () => {
    const client = new Client(dispatch.base);
    const answer = await client.post("/api/session", { name: "admin", password: PASSWORD });
    expectShape(answer, 200, Session);
    const cookie = answer.headers.getSetCookie()[0] ?? "";
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expectShape(await client.get("/api/session"), 200, Session);
    const token = client.cookie.split("=")[1] ?? "";
    const [stored] =
      await dispatch.sql`SELECT count(*)::int AS n FROM session WHERE encode(token_hash, 'escape') = ${token}`;
    expect(stored?.n).toBe(0);
  });

  it("ends with the session: the cookie is worth nothing, and the feed's socket closes", async () => {
    const client = await dispatch.signIn("desk");
    const feed = await TestDesk.open(dispatch.base, { cookie: client.cookie });
    await feed.until(() => feed.seq >= 0);
    const { cookie } = client;
    expect((await client.send("DELETE", "/api/session")).status).toBe(204);
    await feed.until(() => feed.closed !== undefined);
    expect(feed.findLast("refused")?.code).toBe("SIGNED_OUT");
    expect(feed.closed).toBe(1008);
    const again = new Client(dispatch.base);
    again.cookie = cookie;
    expectProblem(await again.get("/api/session"), "NOT_SIGNED_IN");
  });

  it("closes the feed of a session that ran out in the database", async () => {
    const client = await dispatch.signIn("desk");
    const feed = await TestDesk.open(dispatch.base, { cookie: client.cookie });
    await feed.until(() => feed.seq >= 0);
    await dispatch.sql`UPDATE session SET expires_at = now() - interval '1 s'
      WHERE created_at = (SELECT max(created_at) FROM session)`;
    await feed.until(() => feed.closed !== undefined);
    expect(feed.findLast("refused")?.code).toBe("SIGNED_OUT");
  });

  it("fails in the same words for a wrong password and an unknown name", async () => {
    const wrong = await new Client(dispatch.base).post<Problem>("/api/session", { name: "admin", password: "wrong" });
    const unknown = await new Client(dispatch.base).post<Problem>("/api/session", {
      name: "nobody",
      password: "wrong",
    });
    expectProblem(wrong, "SIGN_IN_FAILED");
    expect({ ...unknown.body, requestId: "" }).toEqual({ ...wrong.body, requestId: "" });
  });

  it("is limited by name", async () => {
    const client = new Client(dispatch.base);
    for (let i = 0; i < FAILURES_PER_NAME.attempts; i++) {
      await client.post("/api/session", { name: "victim", password: "wrong" });
    }
    expectProblem(await client.post("/api/session", { name: "victim", password: "wrong" }), "TOO_MANY_REQUESTS");
  });

  it("refuses the demo's people where there is no demo", async () => {
    const answer = await new Client(dispatch.base).post("/api/session", { name: "demo", password: PASSWORD });
    expectProblem(answer, "DEMO_SIGN_IN_REFUSED");
  });
});

describe("what is open", () => {
  it("is health, sign-in, the page and the devices' own way, and nothing else", async () => {
    const stranger = new Client(dispatch.base);
    const open = dispatch.server.routes.filter(({ right }) => right === "open");
    expect(open.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      "GET /*",
      "GET /healthz",
      "HEAD /*",
      "HEAD /healthz",
      "POST /api/session",
      "POST /pub",
    ]);
    const closed = dispatch.server.routes.filter(({ right }) => right !== "open");
    expect(closed.length).toBeGreaterThan(20);
    for (const { method, url } of closed) {
      const path = url.replace(/:z|:x|:y/g, "0").replace(/:\w+/g, "some");
      const answer = await stranger.send(method, path, method === "GET" || method === "HEAD" ? undefined : {});
      expect(`${method} ${url} ${answer.status}`).toBe(`${method} ${url} 401`);
    }
  });

  it("[F5] is not the feed: its socket is refused with 401 at the upgrade", async () => {
    await expect(TestDesk.open(dispatch.base, {})).rejects.toThrow("401");
    await expect(TestDesk.open(dispatch.base, { cookie: "wufen_session=none" })).rejects.toThrow("401");
  });

  it("is nothing for another site's page", async () => {
    const headers = { origin: "https://evil.example" };
    expectProblem(await admin.send("POST", "/api/nearest", { place: [0, 0] }, headers), "NOT_ALLOWED");
    expectProblem(await new Client(dispatch.base).send("POST", "/api/session", {}, headers), "NOT_ALLOWED");
    await expect(TestDesk.open(dispatch.base, { cookie: admin.cookie, ...headers })).rejects.toThrow("403");
    expectShape(
      await admin.send("POST", "/api/nearest", { place: [0, 0] }, { origin: dispatch.base }),
      200,
      NearestAnswer,
    );
  });

  it("[guard rail 11] lists no subjects and searches no people", () => {
    for (const { url } of dispatch.server.routes) expect(url).not.toMatch(/subject|person|people|face|plate|risk/i);
  });
});

describe("rights", () => {
  it("a dispatcher reads the registry and sets a status, and may not edit", async () => {
    const made = await admin.post<Unit>("/api/units", { callsign: "R1", kind: "car" });
    expectShape(await desk.get<UnitList>("/api/units"), 200, UnitList);
    expectShape(await desk.get("/api/devices"), 200, DeviceList);
    const unit = `/api/units/${made.body.id}`;
    expectShape(await desk.send("PATCH", unit, { status: "busy" }), 200, Unit);
    expectProblem(await desk.send("PATCH", unit, { callsign: "R2" }), "NOT_ALLOWED", "/callsign");
    for (const [method, path] of [
      ["POST", "/api/devices"],
      ["POST", "/api/units"],
      ["POST", "/api/roster"],
      ["PATCH", "/api/devices/some"],
      ["POST", "/api/devices/some/credential"],
      ["GET", "/api/metrics-json"],
    ] as const) {
      expectProblem(await desk.send(method, path, method === "GET" ? undefined : {}), "NOT_ALLOWED");
    }
  });
});

describe("the registry", () => {
  it("registers a handset, shows its secret once, and how it comes onto a phone", async () => {
    const made = await admin.post<DeviceCredential>("/api/devices", { label: "Phone 1", kind: "handset" });
    expectShape(made, 201, DeviceCredential);
    const inline = new URL(made.body.ownTracksUrl ?? "").searchParams.get("inline") ?? "";
    const configuration: unknown = JSON.parse(Buffer.from(inline, "base64").toString());
    expect([...Value.Errors(OwnTracksConfiguration, configuration)]).toEqual([]);
    expect(configuration).toMatchObject({
      clientId: made.body.deviceId,
      username: made.body.deviceId,
      password: made.body.secret,
      host: "127.0.0.1",
      port: 1883,
    });
    expect(made.body.ownTracksQrSvg).toContain("<svg");
    expect(made.body.mosquittoPub).toMatch(/^mosquitto_pub -V mqttv311 .* -m '\{"_type":"location"/);
    const read = await admin.get<Device>(`/api/devices/${made.body.deviceId}`);
    expectShape(read, 200, Device);
    expect(JSON.stringify(read.body)).not.toContain(made.body.secret);
  });

  it("gives a new secret and voids the old one", async () => {
    const { body: made } = await admin.post<DeviceCredential>("/api/devices", {
      id: "rotated",
      label: "a",
      kind: "vehicle-terminal",
    });
    const hash = () =>
      dispatch.sql<{ hash: string }[]>`SELECT encode(secret_hash, 'hex') AS hash FROM device WHERE id = 'rotated'`;
    const [before] = await hash();
    const rotated = await admin.post<DeviceCredential>("/api/devices/rotated/credential");
    expectShape(rotated, 200, DeviceCredential);
    expect(rotated.body.secret).not.toBe(made.secret);
    expect(rotated.body.ownTracksUrl).toBeNull();
    expect((await hash())[0]).not.toEqual(before);
    expectProblem(
      await admin.post("/api/devices", { id: "rotated", label: "a", kind: "handset" }),
      "DEVICE_ID_TAKEN",
      "/id",
    );
  });

  it("edits devices and units, binds a device to one unit only", async () => {
    const { body: device } = await admin.post<DeviceCredential>("/api/devices", { label: "b", kind: "handset" });
    const path = `/api/devices/${device.deviceId}`;
    expectShape(await admin.send("PATCH", path, { label: "c", disabled: true, datum: "gcj02" }), 200, Device);
    const { body: first } = await admin.post<Unit>("/api/units", {
      callsign: "B1",
      kind: "car",
      deviceId: device.deviceId,
    });
    const { body: second } = await admin.post<Unit>("/api/units", {
      callsign: "B2",
      kind: "foot",
      homePost: [114.3, 30.6],
    });
    expect(second.homePost).toEqual([114.3, 30.6]);
    const bind = (id: string, deviceId: string | null) => admin.send("PATCH", `/api/units/${id}`, { deviceId });
    expectProblem(await bind(second.id, device.deviceId), "DEVICE_BOUND_ELSEWHERE", "/deviceId");
    expectShape(await bind(first.id, null), 200, Unit);
    expectShape(await bind(second.id, device.deviceId), 200, Unit);
    expect((await admin.get<Device>(path)).body.unitId).toBe(second.id);
    expectProblem(
      await admin.send("PATCH", `/api/units/${first.id}`, { callsign: "B2" }),
      "CALLSIGN_TAKEN",
      "/callsign",
    );
    expectShape(await admin.send("PATCH", `/api/units/${first.id}`, { homePost: null, kind: "boat" }), 200, Unit);
  });

  it("[O1] binds no ankle monitor to a unit", async () => {
    const made = await admin.post<DeviceCredential>("/api/devices", {
      id: "ankle-1",
      label: "a",
      kind: "ankle-monitor",
    });
    expect(made.body.ownTracksUrl).toBeNull();
    const unit = { callsign: "A1", kind: "foot", deviceId: "ankle-1" };
    expectProblem(await admin.post("/api/units", unit), "DEVICE_KIND_NEEDS_ORDER", "/deviceId");
    const roster = { units: [{ callsign: "A2", kind: "foot", deviceKind: "ankle-monitor" }] };
    expectProblem(await admin.post("/api/roster", roster), "DEVICE_KIND_NEEDS_ORDER", "/units/0/deviceKind");
  });

  it("imports a roster of 2,500 units, all or none", async () => {
    const units = Array.from({ length: 2500 }, (_, i) => ({
      callsign: `Roster ${i}`,
      kind: "car",
      deviceKind: "handset",
      homePost: [114 + i / 1e5, 30],
    }));
    const before = (await admin.get<UnitList>("/api/units?limit=1")).body.total;
    const twice = { units: [...units.slice(0, 10), { callsign: "Roster 3", kind: "car", deviceKind: "handset" }] };
    expectProblem(await admin.post("/api/roster", twice), "CALLSIGN_TAKEN");
    expect((await admin.get<UnitList>("/api/units?limit=1")).body.total).toBe(before);
    const made = await admin.post<ImportedRoster>("/api/roster", { units });
    expectShape(made, 201, ImportedRoster);
    expect(made.body.units.map(({ callsign }) => callsign)).toEqual(units.map(({ callsign }) => callsign));
    const page = await admin.get<UnitList>("/api/units?limit=7&offset=100");
    expectShape(page, 200, UnitList);
    expect(page.body).toMatchObject({ total: before + 2500, units: { length: 7 } });
  });

  it("shows what a device was refused for [P6]", async () => {
    const { body: made } = await admin.post<DeviceCredential>("/api/devices", { label: "r", kind: "handset" });
    await dispatch.sql`INSERT INTO refusal (device_no, reason, count, last_at)
      SELECT no, 'future', 3, now() FROM device WHERE id = ${made.deviceId}`;
    const refusals = await admin.get<DeviceRefusals>(`/api/devices/${made.deviceId}/refusals`);
    expectShape(refusals, 200, DeviceRefusals);
    expect(refusals.body.refused).toMatchObject([{ reason: "future", count: 3 }]);
  });

  it("hears of rows that others change in the database", async () => {
    const { body: unit } = await admin.post<Unit>("/api/units", { callsign: "Elsewhere", kind: "car" });
    const feed = await TestDesk.open(dispatch.base, { cookie: desk.cookie });
    await feed.until(() => feed.seq >= 0);
    await dispatch.sql`UPDATE unit SET status = 'on-scene' WHERE id = ${unit.id}`;
    await feed.until(() => feed.findLast("units")?.upsert.some(({ status }) => status === "on-scene") === true);
    expect((await admin.get<Unit>(`/api/units/${unit.id}`)).body.status).toBe("on-scene");
    await dispatch.sql`DELETE FROM unit WHERE id = ${unit.id}`;
    await feed.until(() => feed.findLast("units")?.remove.includes(unit.no) === true);
    expectProblem(await admin.get(`/api/units/${unit.id}`), "UNIT_NOT_FOUND");
    feed.close();
  });
});

describe("dispatch", () => {
  it("answers the nearest unit, its area and its track from what the bus brought", async () => {
    const { body: device } = await admin.post<DeviceCredential>("/api/devices", { label: "n", kind: "handset" });
    const { body: unit } = await admin.post<Unit>("/api/units", {
      callsign: "N1",
      kind: "car",
      deviceId: device.deviceId,
    });
    expectProblem(await desk.post("/api/response-area", { from: { unitId: unit.id } }), "NO_POSITION", "/from/unitId");
    const [row] = await dispatch.sql<{ no: number }[]>`SELECT no FROM device WHERE id = ${device.deviceId}`;
    const feed = await TestDesk.open(dispatch.base, { cookie: desk.cookie });
    await feed.until(() => feed.seq >= 0);
    const now = Date.now();
    const fixes = [3, 2, 1].map((s) =>
      fixOf({ deviceNo: row?.no ?? 0, fixedAtMs: now - s * 1000, lngE7: 1_143_000_000 - s }),
    );
    await dispatch.broker.publish(fixes);
    await feed.until(() => feed.rows.get(unit.no)?.lngE7 === 1_142_999_999);
    const nearest = await desk.post<NearestAnswer>("/api/nearest", { place: [114.3, 30.61], limit: 3 });
    expectShape(nearest, 200, NearestAnswer);
    expect(nearest.body.units).toMatchObject([{ unitId: unit.id, callsign: "N1" }]);
    expect(nearest.body.model.kind).toBe("straight-line");
    const area = await desk.post<ResponseArea>("/api/response-area", { from: { unitId: unit.id }, minutes: [5, 1] });
    expectShape(area, 200, ResponseArea);
    expect(area.body.rings.map(({ minutes }) => minutes)).toEqual([1, 5]);
    const track = await desk.get<UnitTrack>(`/api/units/${unit.id}/track?minutes=30`);
    expectShape(track, 200, UnitTrack);
    expect(track.body.points.map(({ fixedAtMs }) => fixedAtMs)).toEqual(fixes.map(({ fixedAtMs }) => fixedAtMs));
    expect((await desk.get<UnitTrack>(`/api/units/${unit.id}/track?fromMs=${now - 2500}`)).body.points).toHaveLength(2);
    feed.close();
  });
});

describe("faults", () => {
  it.each([
    ["POST", "/api/units", { callsign: "x" }, "/kind"],
    ["POST", "/api/units", { callsign: "x", kind: "tank" }, "/kind"],
    ["POST", "/api/units", { callsign: "x", kind: "car", color: "red" }, "/color"],
    ["POST", "/api/units", { callsign: "", kind: "car" }, "/callsign"],
    ["POST", "/api/nearest", { place: [200, 0] }, "/place/0"],
    ["POST", "/api/devices", { id: "a b", label: "x", kind: "handset" }, "/id"],
    ["GET", "/api/units?limit=0", undefined, "/limit"],
    ["GET", "/api/tiles/1/x/0.mvt", undefined, "/x"],
    ["POST", "/api/nearest", "{", undefined],
    ["POST", "/api/nearest", "null", undefined],
  ])("%s %s of %j is a BODY_INVALID that names the field", async (method, path, body, field) => {
    expectProblem(await admin.send(method, path, body), "BODY_INVALID", field);
  });

  it("of a body that is too large, an address that is not, a unit that is not", async () => {
    expectProblem(await admin.post("/api/nearest", { place: [0, 0], junk: "x".repeat(1_100_000) }), "BODY_TOO_LARGE");
    expectProblem(await admin.get("/api/nothing"), "NOT_FOUND");
    expectProblem(await admin.get("/assets/none.js"), "NOT_FOUND");
    expectProblem(await admin.get("/api/units/u-none"), "UNIT_NOT_FOUND");
    expectProblem(await admin.post("/api/devices/d-none/locate"), "DEVICE_NOT_FOUND");
    expectProblem(await admin.get("/api/map"), "NOT_FOUND");
  });

  it("say so where no broker answers", async () => {
    const { body: made } = await admin.post<DeviceCredential>("/api/devices", { label: "l", kind: "handset" });
    expectProblem(await desk.post(`/api/devices/${made.deviceId}/locate`), "BROKER_UNREACHABLE");
  });
});

describe("the page", () => {
  it("is served under a policy that lets nothing else in", async () => {
    const page = await new Client(dispatch.base).get("/units/u-1?view=1");
    expect(page.status).toBe(200);
    expect(page.body).toBe(readFileSync(join(dispatch.folder, "index.html"), "utf8"));
    expect(page.headers.get("content-security-policy")).toBe(
      "default-src 'none';script-src 'self';worker-src 'self';style-src 'self';style-src-attr 'unsafe-inline';" +
        "img-src 'self' blob: data:;connect-src 'self' ws: wss:;font-src 'self';base-uri 'none';frame-ancestors 'none'",
    );
    expect(page.headers.get("cache-control")).toBe("no-cache");
  });

  it("keeps hashed assets for ever", async () => {
    const asset = await new Client(dispatch.base).get("/assets/main-4f3a.js");
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  });

  it("describes the API from the same schemas, without another host", async () => {
    const openapi = await desk.get<{ openapi: string; paths: object }>("/api/openapi.json");
    expect(openapi.body.openapi).toBe("3.1.0");
    expect(Object.keys(openapi.body.paths)).toEqual(expect.arrayContaining(["/api/nearest", "/api/units/{id}/track"]));
    const page = await desk.get("/api/docs");
    expect(page.body).toContain("/api/response-area");
    expect(page.body).not.toMatch(/https?:\/\/|<script/);
  });
});
