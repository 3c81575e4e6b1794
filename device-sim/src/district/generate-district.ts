import { createStream } from "../random.ts";
import { arrangePlan } from "./arrange.ts";
import { placeBuildings } from "./buildings.ts";
import { distance, distanceToLine, isInside, type Point, ringArea, ringCentroid } from "./geometry.ts";
import { addFace, sportsGround, writeCountryside, writeLake, writePark, writePromenades } from "./greenery.ts";
import { createGrid, type GridCollection, outline } from "./grid.ts";
import { createNames } from "./names.ts";
import { OsmDocument } from "./osm-document.ts";
import { type CityPlan, createCityPlan, type RoadClass } from "./plan.ts";
import type { PlanarMap } from "./planar-map.ts";
import { createReserves } from "./reserves.ts";
import { middleOf, placeStations, type Station } from "./stations.ts";
import { writeStreets } from "./streets.ts";
import { type Block, subdivideFace } from "./subdivide.ts";
import { createZones, type Zone } from "./zones.ts";

export interface District {
  /** OSM 0.6 XML, as any extract. */
  osmXml: string;
  grid: GridCollection;
  stations: Station[];
}

export interface DistrictOptions {
  /** Leave the houses out where only the roads matter. Default true. */
  buildings?: boolean;
}

/** 五分区, an invented district on a river, about 8 × 7 km around 114.3 E 30.6 N (WGS-84). The same seed gives the same bytes. */
export function generateDistrict(seed: number, options: DistrictOptions = {}): District {
  const plan = createCityPlan(seed);
  const arrangement = arrangePlan(plan);
  const { map, streets, outerFace } = arrangement;
  const zoneAt = createZones(createStream(seed, "zones"));
  const reserve = createReserves(createStream(seed, "reserves"), zoneAt);
  const blocks = new Map<number, Block>();
  let communities = 0;
  let grids = 0;
  const newCommunity = () => communities++;
  const newGrid = () => grids++;
  const random = createStream(seed, "blocks");
  const superblocks = map.faceEdge.length;
  for (let face = 0; face < superblocks; face++) {
    if (face === outerFace) continue;
    if (isInside(ringCentroid(map.ring(face)), plan.river.corridor)) {
      blocks.set(face, { use: "water", community: newCommunity(), grid: newGrid() });
    } else {
      const block: Block = { use: "residential", community: -1, grid: -1 };
      subdivideFace(face, block, { map, streets, random, zoneAt, reserve, newCommunity, newGrid }, blocks);
    }
  }

  const document = new OsmDocument();
  for (const point of map.points) document.addNode(point);
  const streetNames = createNames(createStream(seed, "street-names"));
  writeStreets(arrangement, blocks, plan, document, createStream(seed, "streets"), streetNames);
  writeRailway(plan, document);
  writeRiver(plan, document);
  writePromenades(map, plan, document);
  const grid = createGrid(map, blocks, createStream(seed, "grid"));
  writeLandUse(map, blocks, document);
  writeGreen(map, blocks, document, seed);
  if (options.buildings !== false) writeBuildings(map, blocks, streets, plan, document, seed);
  writeCountryside(plan, document, createStream(seed, "countryside"));
  const isMainCrossing = createCrossingFilter(map, streets);
  const stations = placeStations(map, isMainCrossing, grid, document, createStream(seed, "stations"));
  writePlaces(grid, document);
  writeOffices(map, isMainCrossing, document);
  return { osmXml: document.toXml(), grid, stations };
}

function createCrossingFilter(
  map: PlanarMap,
  streets: readonly { roadClass: RoadClass }[],
): (vertex: number) => boolean {
  const isMain = new Uint8Array(map.points.length);
  for (let h = 0; h < map.origin.length; h++) {
    const { roadClass } = streets[map.street[h >> 1]!]!;
    if (roadClass === "secondary" || roadClass === "tertiary" || roadClass === "residential")
      isMain[map.origin[h]!] = 1;
  }
  return (v) => isMain[v] === 1 && map.degree[v]! >= 3;
}

/** On a viaduct all the way, so no street is cut by it. */
function writeRailway(plan: CityPlan, document: OsmDocument): void {
  document.addLine(plan.railway, {
    railway: "rail",
    bridge: "yes",
    layer: "2",
    name: "五分铁路",
    "name:en": "Wufen Railway",
  });
  const station = plan.railway[Math.floor(plan.railway.length * 0.32)]!;
  document.addNode(station, {
    railway: "station",
    public_transport: "station",
    name: "五分站",
    "name:zh": "五分站",
    "name:en": "Wufen Station",
  });
}

function writeRiver(plan: CityPlan, document: OsmDocument): void {
  document.addLine(plan.river.centre, { waterway: "river", name: "五江", "name:zh": "五江", "name:en": "Wu River" });
  document.addArea(plan.river.water, {
    natural: "water",
    water: "river",
    name: "五江",
    "name:zh": "五江",
    "name:en": "Wu River",
  });
}

const LANDUSE: Record<Zone, "residential" | "commercial" | "industrial" | "university"> = {
  oldtown: "residential",
  commercial: "commercial",
  residential: "residential",
  campus: "university",
  industrial: "industrial",
  village: "residential",
};

/** One area for all blocks of a base grid that share a use. */
function writeLandUse(map: PlanarMap, blocks: Map<number, Block>, document: OsmDocument): void {
  const groups = new Map<string, { grid: number; use: Zone; landuse: string }>();
  for (const { grid, use } of blocks.values()) {
    if (use in LANDUSE)
      groups.set(`${grid} ${LANDUSE[use as Zone]}`, { grid, use: use as Zone, landuse: LANDUSE[use as Zone] });
  }
  let faculties = 0;
  const facesOf = new Map<number, Map<number, Block>>();
  for (const [face, block] of blocks) {
    facesOf.set(block.grid, (facesOf.get(block.grid) ?? new Map<number, Block>()).set(face, block));
  }
  for (const { grid, landuse } of groups.values()) {
    const faces = facesOf.get(grid)!;
    const area = outline(map, faces, (b) => LANDUSE[b.use as Zone] === landuse);
    const polygons = area.type === "Polygon" ? [area.coordinates] : area.coordinates;
    for (const [outer] of polygons) {
      const ids = outer!.slice(0, -1).map((position) => {
        document.positions.push(position);
        return document.positions.length;
      });
      document.addWay([...ids, ids[0]!], landuse === "university" ? facultyTags(faculties++) : { landuse });
    }
  }
}

const FACULTIES =
  "理 Science|工 Engineering|文 Letters|法 Law|医 Medicine|商 Business|农 Agriculture|艺术 Arts|师范 Education|土木 Civil Engineering|" +
  "信息 Computing|建筑 Architecture|外语 Languages|海事 Maritime Studies|体育 Sports|公安 Police Studies";

function facultyTags(n: number): Record<string, string> {
  const list = FACULTIES.split("|");
  const [zh, ...en] = list[n % list.length]!.split(" ");
  const name = `五分大学${zh}学院`;
  return { amenity: "university", name, "name:zh": name, "name:en": `Wufen University, ${en.join(" ")}` };
}

function writeGreen(map: PlanarMap, blocks: Map<number, Block>, document: OsmDocument, seed: number): void {
  const nextName = createNames(createStream(seed, "park-names"));
  const random = createStream(seed, "green");
  for (const [face, { use }] of blocks) {
    if (use === "park") {
      const { zh, en } = nextName();
      const isLarge = ringArea(map.ring(face)) > 60_000;
      writePark(
        map,
        face,
        { zh: `${zh}${isLarge ? "公园" : "游园"}`, en: `${en} ${isLarge ? "Park" : "Garden"}` },
        document,
        random,
      );
    } else if (use === "lake") {
      writeLake(map, face, nextName(), document, random);
    } else if (use === "water" || use === "green") {
      // The strip between the embankment road and the water is lawn; the water is drawn over it.
      addFace(map, face, document, use === "water" ? { leisure: "park" } : { landuse: "grass" });
    } else if (use === "school" || use === "hospital") {
      const { zh, en } = nextName();
      const name =
        use === "school" ? { zh: `${zh}学校`, en: `${en} School` } : { zh: `${zh}医院`, en: `${en} Hospital` };
      addFace(map, face, document, { amenity: use, name: name.zh, "name:zh": name.zh, "name:en": name.en });
    }
  }
}

function writeBuildings(
  map: PlanarMap,
  blocks: Map<number, Block>,
  streets: readonly { roadClass: RoadClass }[],
  plan: CityPlan,
  document: OsmDocument,
  seed: number,
): void {
  const random = createStream(seed, "buildings");
  for (const [face, { use }] of blocks) {
    if (use === "water" || use === "park" || use === "lake" || use === "green") continue;
    const ring = map.ring(face);
    const sides = map.halfEdges(face).map((h) => streets[map.street[h >> 1]!]!.roadClass);
    const centre = ringCentroid(ring);
    const isNearRail = distanceToLine(centre, plan.railway) < 400;
    const avoid = isNearRail ? [{ line: plan.railway, clearM: 16 }] : [];
    const taken: Point[][] = [];
    if (use === "school") {
      const ground = sportsGround(ring);
      if (ground) {
        document.addArea(ground, { leisure: "pitch", sport: "soccer" });
        taken.push(ground);
      }
    }
    for (const building of placeBuildings({ ring, sides, use, avoid, taken }, random)) {
      document.addArea(building.ring, { building: building.kind, "building:levels": String(building.levels) });
    }
  }
}

function writePlaces(grid: GridCollection, document: OsmDocument): void {
  document.addNode([-260, 120], { place: "town", name: "五分区", "name:zh": "五分区", "name:en": "Wufen District" });
  for (const feature of grid.features) {
    const { level, name, nameEn } = feature.properties;
    if (level === "grid") continue;
    const place = level === "township" ? "suburb" : "neighbourhood";
    document.positions.push(middleOf(feature).map((d) => Math.round(d * 1e7) / 1e7) as [number, number]);
    document.tagNode(document.positions.length, { place, name, "name:zh": name, "name:en": nameEn });
  }
}

const OFFICES: { at: Point; amenity: string; zh: string; en: string }[] = [
  { at: [-1250, 760], amenity: "townhall", zh: "五分区人民政府", en: "Wufen District Government" },
  { at: [-2500, 1500], amenity: "fire_station", zh: "江北消防站", en: "Jiangbei Fire Station" },
  { at: [1700, 500], amenity: "fire_station", zh: "江南消防站", en: "Jiangnan Fire Station" },
  { at: [1300, -2400], amenity: "fire_station", zh: "南城消防站", en: "Nancheng Fire Station" },
];

function writeOffices(map: PlanarMap, isCrossing: (vertex: number) => boolean, document: OsmDocument): void {
  const crossings = map.points.filter((_, v) => isCrossing(v));
  for (const { at, amenity, zh, en } of OFFICES) {
    const [x, y] = crossings.reduce((best, p) => (distance(p, at) < distance(best, at) ? p : best));
    document.addNode([x + 22, y + 18], { amenity, name: zh, "name:zh": zh, "name:en": en });
  }
}
