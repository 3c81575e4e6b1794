import { between, type Random } from "../random.ts";
import { distance, type Point } from "./geometry.ts";

export type Zone = "oldtown" | "commercial" | "residential" | "campus" | "industrial" | "village";

/** Which kind of town stands at a place: quarters around seeded centres, villages towards the ring road. */
export function createZones(random: Random): (p: Point) => Zone {
  const near = (x: number, y: number): Point => [x + between(random, -250, 250), y + between(random, -250, 250)];
  const centres: { zone: Zone; at: Point; radiusM: number }[] = [
    { zone: "oldtown", at: near(-950, -450), radiusM: 950 },
    { zone: "oldtown", at: near(900, 350), radiusM: 520 },
    { zone: "commercial", at: near(-1150, 700), radiusM: 620 },
    { zone: "commercial", at: near(1500, 100), radiusM: 560 },
    { zone: "commercial", at: near(1300, -1300), radiusM: 330 },
    { zone: "commercial", at: near(-2700, 1200), radiusM: 380 },
    { zone: "campus", at: near(2600, -1900), radiusM: 700 },
    { zone: "campus", at: near(2750, 1250), radiusM: 480 },
    { zone: "industrial", at: near(-2500, 2850), radiusM: 900 },
    { zone: "industrial", at: near(-3400, 2100), radiusM: 700 },
    { zone: "industrial", at: near(3300, -2700), radiusM: 650 },
    { zone: "village", at: near(-3500, -2000), radiusM: 650 },
    { zone: "village", at: near(3500, 2500), radiusM: 600 },
  ];
  return (p) => {
    let best: Zone = "residential";
    let bestShare = 1;
    for (const { zone, at, radiusM } of centres) {
      const share = distance(p, at) / radiusM;
      if (share < bestShare) {
        bestShare = share;
        best = zone;
      }
    }
    return best;
  };
}
