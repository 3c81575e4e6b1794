import { between, chance, type Random } from "../random.ts";
import { isInside, orientedBox, type Point, ringCentroid } from "./geometry.ts";
import type { Block } from "./subdivide.ts";
import type { Zone } from "./zones.ts";

/** Decides which faces stay whole: two lakes, parks at seeded places, and schools and hospitals among the homes. */
export function createReserves(random: Random, zoneAt: (p: Point) => Zone) {
  const near = (x: number, y: number): Point => [x + between(random, -180, 180), y + between(random, -180, 180)];
  const wanted: { use: Block["use"]; at: Point; mostM2: number; done: boolean }[] = [
    { use: "lake", at: near(2300, -850), mostM2: 900_000, done: false },
    { use: "lake", at: near(-2350, -1150), mostM2: 420_000, done: false },
    { use: "park", at: near(-700, 450), mostM2: 190_000, done: false },
    { use: "park", at: near(1000, -500), mostM2: 130_000, done: false },
    { use: "park", at: near(2200, 900), mostM2: 260_000, done: false },
    { use: "park", at: near(-2500, 500), mostM2: 170_000, done: false },
    { use: "park", at: near(-1500, 2300), mostM2: 240_000, done: false },
    { use: "park", at: near(300, -2500), mostM2: 220_000, done: false },
    { use: "park", at: near(-1500, -2500), mostM2: 150_000, done: false },
    { use: "park", at: near(1900, 2400), mostM2: 120_000, done: false },
    { use: "park", at: near(3300, -500), mostM2: 150_000, done: false },
  ];
  let hospitals = 0;
  return (ring: readonly Point[], areaM2: number): Block["use"] | undefined => {
    if (areaM2 < 2_600) return "green";
    for (const wish of wanted) {
      if (!wish.done && areaM2 <= wish.mostM2 && isInside(wish.at, ring)) {
        wish.done = true;
        return wish.use;
      }
    }
    if (areaM2 > 42_000) return undefined;
    const box = orientedBox(ring);
    if (box.widthM < 55) return areaM2 < 9_000 && chance(random, 0.25) ? "green" : undefined;
    if (areaM2 < 9_000) return undefined;
    const zone = zoneAt(ringCentroid(ring));
    if (zone === "industrial") return undefined;
    if (chance(random, 0.022)) return "park";
    if (areaM2 > 20_000 && areaM2 / (box.lengthM * box.widthM) > 0.75) {
      if (chance(random, 0.045)) return "school";
      if (hospitals < 6 && chance(random, 0.012)) {
        hospitals++;
        return "hospital";
      }
    }
    return undefined;
  };
}
