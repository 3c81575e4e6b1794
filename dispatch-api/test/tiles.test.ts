import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { MapInfo, NearestAnswer, type Problem, ResponseArea } from "@wufen/contract";
import { importExtract } from "@wufen/road-network";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, Dispatch } from "./support/dispatch.ts";

const OSM = `<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="30.600" lon="114.300"/><node id="2" lat="30.610" lon="114.300"/>
<node id="3" lat="30.610" lon="114.310"/><node id="4" lat="30.600" lon="114.310"/>
<way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
<tag k="highway" v="primary"/><tag k="name" v="中山大道"/></way></osm>`;

const folder = mkdtempSync(join(tmpdir(), "wufen-tiles-"));
let dispatch: Dispatch;
let desk: Client;

beforeAll(async () => {
  const extract = join(folder, "small.osm");
  writeFileSync(extract, OSM);
  await importExtract(extract, join(folder, "map"));
  dispatch = await Dispatch.create({ WUFEN_MAP_DIR: join(folder, "map") });
  await dispatch.start();
  desk = await dispatch.signIn("desk");
});
afterAll(async () => {
  await dispatch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The tile of a position, by the usual formula of web maps. */
function tileOf(lng: number, lat: number, z: number): string {
  const y = (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2;
  return `/api/tiles/${z}/${Math.floor(((lng + 180) / 360) * 2 ** z)}/${Math.floor(y * 2 ** z)}.mvt`;
}

describe("the map's tiles", () => {
  it("are announced with bounds and centre", async () => {
    const answer = await desk.get<MapInfo>("/api/map");
    expect([...Value.Errors(MapInfo, answer.body)]).toEqual([]);
    expect(answer.body.center[0]).toBeCloseTo(114.305, 1);
  });

  it("come gzipped, with a tag that spares the second way", async () => {
    const path = tileOf(114.305, 30.6, 14);
    const raw = await fetch(dispatch.base + path, { headers: { cookie: desk.cookie } });
    expect(raw.status).toBe(200);
    expect(raw.headers.get("content-type")).toBe("application/vnd.mapbox-vector-tile");
    expect(raw.headers.get("content-encoding")).toBe("gzip");
    // fetch has unpacked it already.
    const bytes = Buffer.from(await raw.arrayBuffer());
    expect(bytes.toString("utf8")).toContain("中山大道");
    expect(() => gunzipSync(bytes)).toThrow();
    const etag = raw.headers.get("etag") ?? "";
    const second = await fetch(dispatch.base + path, { headers: { cookie: desk.cookie, "if-none-match": etag } });
    expect(second.status).toBe(304);
  });

  it("are empty where nothing is, and none beyond the world", async () => {
    expect((await desk.get(tileOf(-100, 10, 14))).status).toBe(204);
    expect((await desk.get<Problem>("/api/tiles/1/2/0.mvt")).body.code).toBe("TILE_NOT_FOUND");
  });
});

describe("with the map's roads", () => {
  it("[N1] answers are by road, of the map's version, and areas have their shape", async () => {
    const { version } = (await desk.get<MapInfo>("/api/map")).body;
    const nearest = await desk.post<NearestAnswer>("/api/nearest", { place: [114.305, 30.6] });
    expect([...Value.Errors(NearestAnswer, nearest.body)]).toEqual([]);
    expect(nearest.body.model).toEqual({ kind: "road", graphVersion: version });
    const from = { place: [114.305, 30.6], kind: "car" };
    const area = await desk.post<ResponseArea>("/api/response-area", { from, minutes: [3, 0.5] });
    expect([...Value.Errors(ResponseArea, area.body)]).toEqual([]);
    expect(area.body.model).toEqual({ kind: "road", graphVersion: version });
    // All around the block in three minutes, in half a minute not: then the block is no hole yet.
    const polygons = area.body.rings.map(({ geometry }) => geometry.coordinates);
    expect(polygons.map((area) => area[0]?.length)).toEqual([1, 2]);
  });
});
