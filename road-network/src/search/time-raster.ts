import { METRES_PER_LAT7, metresPerLng7 } from "../geo/local-metres.ts";
import type { ReachedRoads } from "./reached-roads.ts";
import { stampReached, stampUnreached, UNREACHED } from "./stamp-roads.ts";

/** Times on the corners of a square grid, deciseconds. Corner (column, row) is at `row * columns + column`. */
export interface TimeRaster {
  readonly columns: number;
  readonly rows: number;
  /** Of corner (0, 0), the south-west one, 1e-7 degrees. */
  readonly west7: number;
  readonly south7: number;
  /** Between corners. */
  readonly stepLng7: number;
  readonly stepLat7: number;
  readonly cellM: number;
  /** Infinity, or more than the limit, where nobody comes within the limit. */
  readonly timeDs: Float32Array;
  readonly limitDs: number;
}

export interface RasterOptions {
  readonly cellM: number;
  /** Speed beside the roads. */
  readonly offRoadMps: number;
  /** How far one leaves the road. */
  readonly offRoadMaxM: number;
  /** Cells from a road within which a corner counts as on it: so the outline lies beside the road, not on it. */
  readonly onRoadCells: number;
  /** Cells by which a road that is not reached must be nearer to a corner than one that is, to take it away. */
  readonly unreachedCells: number;
}

/** Most corners of a raster; a wider area gets wider cells. */
const MAX_CORNERS = 4_000_000;

/**
 * Times of the reached roads, spread to both sides of them. A corner belongs to the road next to it: where that is one
 * which is not reached in time, the corner is not reached either.
 */
export function createTimeRaster(reached: ReachedRoads, options: RasterOptions): TimeRaster | undefined {
  const box = boxOf(reached);
  if (!box) return undefined;
  const perLng = metresPerLng7((box.south7 + box.north7) / 2);
  const marginM = options.offRoadMaxM + 2 * options.cellM;
  const widthM = (box.east7 - box.west7) * perLng + 2 * marginM;
  const heightM = (box.north7 - box.south7) * METRES_PER_LAT7 + 2 * marginM;
  const cellM = Math.max(options.cellM, Math.sqrt((widthM * heightM) / MAX_CORNERS));
  const columns = Math.ceil(widthM / cellM) + 1;
  const rows = Math.ceil(heightM / cellM) + 1;
  const raster: TimeRaster = {
    columns,
    rows,
    west7: box.west7 - marginM / perLng,
    south7: box.south7 - marginM / METRES_PER_LAT7,
    stepLng7: cellM / perLng,
    stepLat7: cellM / METRES_PER_LAT7,
    cellM,
    timeDs: new Float32Array(columns * rows).fill(Number.POSITIVE_INFINITY),
    limitDs: reached.limitDs,
  };
  const awayM = new Float32Array(columns * rows).fill(Number.POSITIVE_INFINITY);
  stampReached(reached, raster, options, awayM);
  stampUnreached(reached, raster, options, awayM);
  spread(raster, options, awayM);
  return raster;
}

function boxOf({ model, count, edges }: ReachedRoads) {
  const { shapeStart, shapeLng7, shapeLat7 } = model.graph;
  let west7 = Number.POSITIVE_INFINITY;
  let south7 = Number.POSITIVE_INFINITY;
  let east7 = Number.NEGATIVE_INFINITY;
  let north7 = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const segment = (edges[i] as number) >> 1;
    const end = shapeStart[segment + 1] as number;
    for (let p = shapeStart[segment] as number; p < end; p++) {
      const lng7 = shapeLng7[p] as number;
      const lat7 = shapeLat7[p] as number;
      if (lng7 < west7) west7 = lng7;
      if (lng7 > east7) east7 = lng7;
      if (lat7 < south7) south7 = lat7;
      if (lat7 > north7) north7 = lat7;
    }
  }
  return count === 0 ? undefined : { west7, south7, east7, north7 };
}

/** Spreads the times over the grid in two sweeps (Borgefors 1986: distances over straight and diagonal steps). */
function spread(raster: TimeRaster, options: RasterOptions, awayM: Float32Array): void {
  const { columns, rows } = raster;
  const sweep = createSweep(raster, options, awayM);
  for (let row = 1; row < rows; row++) {
    const start = row * columns;
    for (let at = start + 1; at < start + columns - 1; at++)
      sweep(at, at - 1, at - columns, at - columns - 1, at - columns + 1);
  }
  for (let row = rows - 2; row >= 0; row--) {
    const start = row * columns;
    for (let at = start + columns - 2; at > start; at--)
      sweep(at, at + 1, at + columns, at + columns + 1, at + columns - 1);
  }
}

/** Lowers a corner's time by its two straight and two diagonal neighbours on one side. */
function createSweep({ timeDs, limitDs, cellM }: TimeRaster, options: RasterOptions, awayM: Float32Array) {
  const straightDs = (cellM * 10) / options.offRoadMps;
  const diagonalDs = straightDs * Math.SQRT2;
  const diagonalM = cellM * Math.SQRT2;
  const maxM = options.offRoadMaxM;
  return (at: number, straightA: number, straightB: number, diagonalA: number, diagonalB: number): void => {
    let ds = timeDs[at] as number;
    let away = -1;
    const besideA = (timeDs[straightA] as number) + straightDs;
    if (besideA < ds && besideA <= limitDs + straightDs && (awayM[straightA] as number) + cellM <= maxM) {
      ds = besideA;
      away = (awayM[straightA] as number) + cellM;
    }
    const besideB = (timeDs[straightB] as number) + straightDs;
    if (besideB < ds && besideB <= limitDs + straightDs && (awayM[straightB] as number) + cellM <= maxM) {
      ds = besideB;
      away = (awayM[straightB] as number) + cellM;
    }
    const acrossA = (timeDs[diagonalA] as number) + diagonalDs;
    if (acrossA < ds && acrossA <= limitDs + diagonalDs && (awayM[diagonalA] as number) + diagonalM <= maxM) {
      ds = acrossA;
      away = (awayM[diagonalA] as number) + diagonalM;
    }
    const acrossB = (timeDs[diagonalB] as number) + diagonalDs;
    if (acrossB < ds && acrossB <= limitDs + diagonalDs && (awayM[diagonalB] as number) + diagonalM <= maxM) {
      ds = acrossB;
      away = (awayM[diagonalB] as number) + diagonalM;
    }
    if (away < 0 || (awayM[at] as number) === UNREACHED) return;
    timeDs[at] = ds;
    awayM[at] = away;
  };
}
