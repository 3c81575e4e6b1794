import type { ResponseArea } from "@wufen/contract";

type Area = ResponseArea["rings"][number]["geometry"];
type Ring = Area["coordinates"][number][number];

/** Smaller gaps in an area (a courtyard, the middle of a park) are noise on the map: nobody decides by them. */
const SMALL_M = 300;
const METRES_OF_A_DEGREE = 111_320;

/** The area as it is drawn: without holes that are less than {@link SMALL_M} across. */
export function withoutSmallHoles(area: Area): Area {
  return {
    ...area,
    coordinates: area.coordinates.map((polygon) => polygon.filter((ring, at) => at === 0 || acrossM(ring) >= SMALL_M)),
  };
}

/** The longer side of the box around a ring, metres. */
function acrossM(ring: Ring): number {
  const lngs = ring.map((position) => position[0]!);
  const lats = ring.map((position) => position[1]!);
  const heightM = (Math.max(...lats) - Math.min(...lats)) * METRES_OF_A_DEGREE;
  const widthM = (Math.max(...lngs) - Math.min(...lngs)) * METRES_OF_A_DEGREE * Math.cos((lats[0]! * Math.PI) / 180);
  return Math.max(heightM, widthM);
}
