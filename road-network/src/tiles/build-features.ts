import { METRES_PER_LAT7, metresPerLng7 } from "../geo/local-metres.ts";
import { TextTable } from "../graph/text-table.ts";
import type { Elements } from "../osm/collect-elements.ts";
import { GrowableInt32 } from "../storage/growable.ts";
import { assemblePolygons, type PartLine, type Polygons, ringArea } from "./assemble-polygons.ts";
import { type Drawn, findArea, findLine, findPoi, findPoint } from "./classify-feature.ts";
import { type BuiltFeatures, GEOMETRY } from "./feature-store.ts";
import { TILE_LAYERS, TILE_MAX_ZOOM } from "./layers.ts";

interface Feature {
  readonly drawn: Drawn;
  readonly geometry: number;
  readonly minZoom: number;
  /** Rings of node positions; `outer` says which begin a polygon. */
  readonly rings: readonly { readonly nodes: readonly number[]; readonly outer: boolean }[];
  /** A point that is no node. */
  readonly at?: readonly [lng7: number, lat7: number];
}

/** Picks what the map draws out of an extract. */
export function buildFeatures(elements: Elements): BuiltFeatures {
  const features: Feature[] = [];
  collectPoints(elements, features);
  collectWays(elements, features);
  collectRelations(elements, features);
  features.sort(
    (a, b) => TILE_LAYERS.indexOf(a.drawn.layer) - TILE_LAYERS.indexOf(b.drawn.layer) || a.drawn.order - b.drawn.order,
  );
  return toColumns(elements, features);
}

function collectPoints(elements: Elements, features: Feature[]): void {
  for (const [node, tags] of elements.nodeTags) {
    const drawn = findPoint(tags);
    if (!drawn) continue;
    features.push({ drawn, geometry: GEOMETRY.POINT, minZoom: drawn.minZoom, rings: [{ nodes: [node], outer: true }] });
  }
}

function collectWays(elements: Elements, features: Feature[]): void {
  for (const way of elements.ways) {
    if (way.tags.size === 0) continue;
    const line = findLine(way.tags);
    if (line) {
      for (const nodes of nodeRuns(elements, way.start, way.end)) {
        features.push({
          drawn: line,
          geometry: GEOMETRY.LINE,
          minZoom: line.minZoom,
          rings: [{ nodes: line.reversed ? nodes.toReversed() : nodes, outer: true }],
        });
      }
    }
    const ring = closedRing(elements, way.start, way.end);
    if (!ring) continue;
    const area = findArea(way.tags);
    if (area) features.push(areaFeature(elements, area, [[ring]]));
    const poi = findPoi(way.tags);
    if (poi) features.push(middleOf(elements, poi, ring));
  }
}

function collectRelations(elements: Elements, features: Feature[]): void {
  const wayPlaces = new Map<number, number>();
  if (elements.relations.length > 0) for (const [i, way] of elements.ways.entries()) wayPlaces.set(way.id, i);
  const boundaries = new Map<number, number>();
  for (const { tags, members } of elements.relations) {
    const ways = members.flatMap(({ type, ref, role }) => {
      const way = type === "way" ? elements.ways[wayPlaces.get(ref) ?? -1] : undefined;
      return way ? [{ way, role }] : [];
    });
    if (tags.get("type") === "boundary" && tags.get("boundary") === "administrative") {
      const level = Number(tags.get("admin_level") ?? 0);
      if (!(level >= 2 && level <= 8)) continue;
      for (const { way } of ways) {
        const place = wayPlaces.get(way.id) as number;
        boundaries.set(place, Math.min(level, boundaries.get(place) ?? 99));
      }
    }
    if (tags.get("type") !== "multipolygon") continue;
    const area = findArea(tags);
    if (!area) continue;
    const parts: PartLine[] = ways.map(({ way, role }) => ({
      nodes: Array.from(elements.refs.subarray(way.start, way.end)),
      inner: role === "inner",
    }));
    const polygons = assemblePolygons(
      parts.filter(({ nodes }) => !nodes.includes(-1)),
      pointReader(elements),
    );
    if (polygons.length === 0) continue;
    features.push(areaFeature(elements, area, polygons));
    const poi = findPoi(tags);
    if (poi) features.push(middleOf(elements, poi, polygons[0]?.[0] ?? []));
  }
  for (const [place, level] of boundaries) {
    const way = elements.ways[place];
    if (!way) continue;
    const drawn: Drawn = {
      layer: "boundaries",
      properties: { kind: "administrative", admin_level: level },
      minZoom: level <= 6 ? 8 : 11,
      order: -level,
    };
    for (const nodes of nodeRuns(elements, way.start, way.end)) {
      features.push({ drawn, geometry: GEOMETRY.LINE, minZoom: drawn.minZoom, rings: [{ nodes, outer: true }] });
    }
  }
}

function pointReader(elements: Elements) {
  return (node: number) => [elements.lng7[node] as number, elements.lat7[node] as number] as const;
}

/** The parts of a way whose nodes the extract has. */
function nodeRuns(elements: Elements, start: number, end: number): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  for (let i = start; i <= end; i++) {
    const node = i < end ? (elements.refs[i] as number) : -1;
    if (node >= 0) run.push(node);
    else {
      if (run.length >= 2) runs.push(run);
      run = [];
    }
  }
  return runs;
}

function closedRing(elements: Elements, start: number, end: number): number[] | undefined {
  if (end - start < 4 || elements.refs[start] !== elements.refs[end - 1]) return undefined;
  const nodes = Array.from(elements.refs.subarray(start, end));
  return nodes.includes(-1) ? undefined : nodes;
}

/** Width on the screen from which an area is worth drawing, pixels of a 512-pixel tile. */
const AREA_MIN_PX = 5;
/** Metres of such a pixel at the equator in zoom 0. */
const METRES_PER_PX = 78_271.517;

function areaFeature(elements: Elements, drawn: Drawn, polygons: Polygons): Feature {
  const pointOf = pointReader(elements);
  let area7 = 0;
  let lat7 = 0;
  for (const [outer] of polygons) {
    area7 += Math.abs(ringArea(outer, pointOf));
    lat7 = elements.lat7[outer[0] as number] as number;
  }
  const widthM = Math.sqrt(area7 * METRES_PER_LAT7 * metresPerLng7(lat7));
  const pxM = METRES_PER_PX * Math.cos((lat7 * Math.PI) / 180e7);
  const visible = widthM > 0 ? Math.ceil(Math.log2((pxM * AREA_MIN_PX) / widthM)) : TILE_MAX_ZOOM;
  return {
    drawn,
    geometry: GEOMETRY.POLYGON,
    minZoom: Math.max(drawn.minZoom, Math.min(TILE_MAX_ZOOM, visible)),
    rings: polygons.flatMap((rings) => rings.map((nodes, i) => ({ nodes, outer: i === 0 }))),
  };
}

function middleOf(elements: Elements, drawn: Drawn, ring: readonly number[]): Feature {
  let lng7 = 0;
  let lat7 = 0;
  const corners = Math.max(1, ring.length - 1);
  for (let i = 0; i < corners; i++) {
    lng7 += elements.lng7[ring[i] as number] as number;
    lat7 += elements.lat7[ring[i] as number] as number;
  }
  return {
    drawn,
    geometry: GEOMETRY.POINT,
    minZoom: drawn.minZoom,
    rings: [],
    at: [Math.round(lng7 / corners), Math.round(lat7 / corners)],
  };
}

function toColumns(elements: Elements, features: readonly Feature[]): BuiltFeatures {
  const properties = new TextTable();
  const lng7 = new GrowableInt32(1 << 12);
  const lat7 = new GrowableInt32(1 << 12);
  const ringStart = [0];
  const ringOuter: number[] = [];
  const featureStart = [0];
  for (const feature of features) {
    for (const { nodes, outer } of feature.rings) {
      for (const node of nodes) {
        lng7.push(elements.lng7[node] as number);
        lat7.push(elements.lat7[node] as number);
      }
      ringStart.push(lng7.length);
      ringOuter.push(outer ? 1 : 0);
    }
    if (feature.at) {
      lng7.push(feature.at[0]);
      lat7.push(feature.at[1]);
      ringStart.push(lng7.length);
      ringOuter.push(1);
    }
    featureStart.push(ringOuter.length);
  }
  const columns = {
    featureLayer: Uint8Array.from(features, ({ drawn }) => TILE_LAYERS.indexOf(drawn.layer)),
    featureGeometry: Uint8Array.from(features, ({ geometry }) => geometry),
    featureMinZoom: Uint8Array.from(features, ({ minZoom }) => minZoom),
    featureProperties: Uint32Array.from(features, ({ drawn }) => properties.add(JSON.stringify(drawn.properties))),
    featureStart: Uint32Array.from(featureStart),
    ringOuter: Uint8Array.from(ringOuter),
    ringStart: Uint32Array.from(ringStart),
    lng7: lng7.toArray(),
    lat7: lat7.toArray(),
  };
  return { featureCount: features.length, columns, properties: properties.list() };
}
