import { joinStretches, type ReachedRoads, reachedShare, type Stretch } from "./reached-roads.ts";
import type { RasterOptions, TimeRaster } from "./time-raster.ts";
import { UNUSABLE } from "./travel-model.ts";

/** `awayM` of a corner beside a road that is not reached: nobody walks there either. */
export const UNREACHED = -1;

/** Writes the earliest time of every reached road to the corners of the cells it runs through, and how far they are from it. */
export function stampReached(
  reached: ReachedRoads,
  raster: TimeRaster,
  options: RasterOptions,
  awayM: Float32Array,
): void {
  const { edges, fromShare, fromDs, toDs, startCount, count } = reached;
  const pieceOf = pieceByEdge(reached);
  const stamp = createStamp(raster, options, awayM);
  for (let i = 0; i < startCount; i++) {
    const from = fromShare[i] as number;
    const startDs = fromDs[i] as number;
    const dsPerShare = ((toDs[i] as number) - startDs) / Math.max(1e-9, 1 - from);
    forEachSample(reached, raster, edges[i] as number, from, reachedShare(reached, i), (x, y, share) =>
      stamp(x, y, startDs + (share - from) * dsPerShare),
    );
  }
  // A segment that is entered from both ends is run through once: each point has the earlier of two times.
  for (let i = startCount; i < count; i++) {
    const edge = edges[i] as number;
    const other = (pieceOf[edge ^ 1] as number) - 1;
    if ((edge & 1) === 1 && other >= 0) continue;
    const aDs = fromDs[i] as number;
    const aSlope = (toDs[i] as number) - aDs;
    const bDs = other >= 0 ? (fromDs[other] as number) : Number.POSITIVE_INFINITY;
    const bSlope = other >= 0 ? (toDs[other] as number) - bDs : 0;
    const visit = (x: number, y: number, share: number) =>
      stamp(x, y, Math.min(aDs + share * aSlope, bDs + (1 - share) * bSlope));
    const until = reachedShare(reached, i);
    const since = other >= 0 ? 1 - reachedShare(reached, other) : 1;
    if (since <= until) forEachSample(reached, raster, edge, 0, 1, visit);
    else {
      forEachSample(reached, raster, edge, 0, until, visit);
      forEachSample(reached, raster, edge, since, 1, visit);
    }
  }
}

/** Number of the entered piece on each edge plus one, 0 for none. */
function pieceByEdge({ model, startCount, count, edges }: ReachedRoads): Int32Array {
  const pieceOf = new Int32Array(model.graph.edgeCount);
  for (let i = startCount; i < count; i++) pieceOf[edges[i] as number] = i + 1;
  return pieceOf;
}

function createStamp({ columns, timeDs, cellM }: TimeRaster, options: RasterOptions, awayM: Float32Array) {
  const dsPerCell = (cellM * 10) / options.offRoadMps;
  const { onRoadCells } = options;
  return (x: number, y: number, roadDs: number): void => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    for (let corner = 0; corner < 4; corner++) {
      const dx = column + (corner & 1) - x;
      const dy = row + (corner >> 1) - y;
      const at = (row + (corner >> 1)) * columns + column + (corner & 1);
      const cells = Math.sqrt(dx * dx + dy * dy);
      const ds = cells > onRoadCells ? roadDs + (cells - onRoadCells) * dsPerCell : roadDs;
      if (ds < (timeDs[at] as number)) timeDs[at] = ds;
      if (cells * cellM < (awayM[at] as number)) awayM[at] = cells * cellM;
    }
  };
}

/** Takes away the corners whose next road is one that is not reached. */
export function stampUnreached(
  reached: ReachedRoads,
  raster: TimeRaster,
  options: RasterOptions,
  awayM: Float32Array,
): void {
  const { columns, rows, timeDs, cellM, west7, south7, stepLng7, stepLat7 } = raster;
  const { graph, edgeTimeDs } = reached.model;
  const beyondDs = reached.limitDs + 1;
  const visit = (x: number, y: number) => {
    if (!(x >= 0 && y >= 0 && x < columns - 1 && y < rows - 1)) return;
    const column = Math.floor(x);
    const row = Math.floor(y);
    for (let corner = 0; corner < 4; corner++) {
      const at = (row + (corner >> 1)) * columns + column + (corner & 1);
      const known = awayM[at] as number;
      if (known < 0) continue;
      const dx = column + (corner & 1) - x;
      const dy = row + (corner >> 1) - y;
      if ((Math.sqrt(dx * dx + dy * dy) + options.unreachedCells) * cellM >= known) continue;
      awayM[at] = UNREACHED;
      timeDs[at] = beyondDs;
    }
  };
  const pieceOf = pieceByEdge(reached);
  const shareOf = (edge: number) => {
    const piece = (pieceOf[edge] as number) - 1;
    return piece < 0 ? 0 : reachedShare(reached, piece);
  };
  const starts = startStretches(reached);
  const stampSegment = (segment: number): boolean => {
    const edge = 2 * segment;
    if (edgeTimeDs[edge] === UNUSABLE && edgeTimeDs[edge + 1] === UNUSABLE) return false;
    const until = shareOf(edge);
    const since = 1 - shareOf(edge + 1);
    const begun = starts.get(segment);
    if (!begun) forEachSample(reached, raster, edge, until, since, visit);
    else {
      let done = 0;
      for (const [from, to] of joinStretches([[0, until], ...begun, [since, 1]])) {
        forEachSample(reached, raster, edge, done, from, visit);
        done = to;
      }
    }
    return false;
  };
  const east7 = west7 + (columns - 1) * stepLng7;
  const north7 = south7 + (rows - 1) * stepLat7;
  // The filter does the work: nothing is listed.
  graph.segmentIndex.search(west7, south7, east7, north7, stampSegment);
}

/** What is reached directly on the segments where the search began. */
function startStretches(reached: ReachedRoads): Map<number, Stretch[]> {
  const starts = new Map<number, Stretch[]>();
  for (let i = 0; i < reached.startCount; i++) {
    const edge = reached.edges[i] as number;
    const from = reached.fromShare[i] as number;
    const until = reachedShare(reached, i);
    const stretch: Stretch = (edge & 1) === 0 ? [from, until] : [1 - until, 1 - from];
    const there = starts.get(edge >> 1);
    if (there) there.push(stretch);
    else starts.set(edge >> 1, [stretch]);
  }
  return starts;
}

const SAMPLES_A_CELL = 2;

/** Calls back along a part of an edge, at both its ends too, with the place in cells and the share of the edge. */
function forEachSample(
  { model: { graph } }: ReachedRoads,
  { west7, south7, stepLng7, stepLat7, cellM }: TimeRaster,
  edge: number,
  from: number,
  until: number,
  visit: (x: number, y: number, share: number) => void,
): void {
  if (until <= from) return;
  const { shapeStart, shapeLng7, shapeLat7, edgeLengthDm } = graph;
  const lengthM = (edgeLengthDm[edge] as number) / 10;
  const start = shapeStart[edge >> 1] as number;
  const end = (shapeStart[(edge >> 1) + 1] as number) - 1;
  const isForward = (edge & 1) === 0;
  const shareStep = cellM / SAMPLES_A_CELL / lengthM;
  let due = from;
  let first = 0;
  for (let step = 0; step < end - start && first < until; step++) {
    const a = isForward ? start + step : end - step;
    const b = isForward ? a + 1 : a - 1;
    const ax = ((shapeLng7[a] as number) - west7) / stepLng7;
    const ay = ((shapeLat7[a] as number) - south7) / stepLat7;
    const ux = ((shapeLng7[b] as number) - west7) / stepLng7 - ax;
    const uy = ((shapeLat7[b] as number) - south7) / stepLat7 - ay;
    const shares = (Math.sqrt(ux * ux + uy * uy) * cellM) / lengthM;
    const last = step === end - start - 1 ? 1 : first + shares;
    if (shares > 0) {
      for (; due <= last && due < until; due += shareStep) {
        const t = Math.min(1, (due - first) / shares);
        visit(ax + ux * t, ay + uy * t, due);
      }
      if (until <= last) {
        const t = Math.min(1, (until - first) / shares);
        visit(ax + ux * t, ay + uy * t, until);
        return;
      }
    }
    first = last;
  }
}
