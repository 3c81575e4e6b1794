import { between, createStream, type Random } from "../random.ts";
import { createWarp, evenSteps, offsetLine, smoothCurve } from "./curves.ts";
import type { Point } from "./geometry.ts";

export type RoadClass =
  | "trunk"
  | "primary"
  | "secondary"
  | "tertiary"
  | "residential"
  | "living_street"
  | "service"
  | "footway";

/** One street as its name board would tell it. */
export interface Street {
  roadClass: RoadClass;
  name?: string;
  nameEn?: string;
  /** Only such streets have bridges over the river. */
  crossesRiver: boolean;
}

export interface Arterial extends Street {
  points: Point[];
  /** Runs along the river. */
  isBank: boolean;
}

/** The lines that shape the city before any block is cut: river, ring roads, axes, radials, railway. */
export interface CityPlan {
  arterials: Arterial[];
  ring: Point[];
  river: { centre: Point[]; water: Point[]; corridor: Point[]; leftWater: Point[]; rightWater: Point[] };
  railway: Point[];
}

const STEP_M = 55;

/** Everything in local metres around the district's centre; about 8 × 7 km inside the ring road. */
export function createCityPlan(seed: number): CityPlan {
  const random = createStream(seed, "plan");
  const warp = createWarp(random, 120);
  const river = createRiver(random);
  const ring = createRing(random, 4050, 3500, 0.045, [0, 0]).map(warp);
  const innerCentre: Point = [between(random, 100, 350), between(random, -150, 150)];
  const innerRing = createRing(random, 2000, 1650, 0.06, innerCentre).map(warp);

  const arterials: Arterial[] = [
    arterial("trunk", "三环线", "Third Ring Road", ring, true),
    arterial("primary", "内环路", "Inner Ring Road", innerRing, true),
    { ...arterial("secondary", "沿江大道", "Yanjiang Avenue", river.leftRoad), isBank: true },
    { ...arterial("secondary", "滨江路", "Binjiang Road", river.rightRoad), isBank: true },
    ...createAxes(random).map((line) => ({ ...line, points: line.points.map(warp) })),
    ...createRadials(random, innerCentre).map((line) => ({ ...line, points: line.points.map(warp) })),
    ...createTangents(random).map((line) => ({ ...line, points: line.points.map(warp) })),
  ];
  return { arterials, ring, river, railway: createRailway(random) };
}

function arterial(roadClass: RoadClass, name: string, nameEn: string, points: Point[], crossesRiver = false): Arterial {
  return { roadClass, name, nameEn, points, crossesRiver, isBank: false };
}

function createRiver(random: Random) {
  const knots: Point[] = [
    [-3300, -6200],
    [-2500, -4300],
    [-1750, -2700],
    [-350, -1650],
    [250, -350],
    [-150, 950],
    [650, 2150],
    [2050, 3000],
    [2900, 4300],
    [3300, 6200],
  ].map(([x, y]) => [x! + between(random, -160, 160), y! + between(random, -120, 120)]);
  const centre = smoothCurve(knots, STEP_M);
  const phase = between(random, 0, 6);
  const halfWidth = (i: number) => 185 + 45 * Math.sin(i / 17 + phase) + 20 * Math.sin(i / 6.3);
  const beach = (i: number, side: number) => 62 + 22 * Math.sin(i / 7.7 + side * 2 + phase);
  const leftWater = offsetLine(centre, (i) => halfWidth(i));
  const rightWater = offsetLine(centre, (i) => -halfWidth(i));
  const leftRoad = evenSteps(
    offsetLine(centre, (i) => halfWidth(i) + beach(i, 1)),
    STEP_M,
  );
  const rightRoad = evenSteps(
    offsetLine(centre, (i) => -halfWidth(i) - beach(i, -1)),
    STEP_M,
  );
  return {
    centre,
    leftWater,
    rightWater,
    water: [...leftWater, ...[...rightWater].reverse()],
    corridor: [...leftRoad, ...[...rightRoad].reverse()],
    leftRoad,
    rightRoad,
  };
}

/** A rounded rectangle rather than a circle: ring roads follow the older grid of villages. */
function createRing(random: Random, a: number, b: number, noise: number, centre: Point): Point[] {
  const waves = [2, 3, 5].map((k) => ({
    k,
    phase: between(random, 0, 6.28),
    size: (between(random, 0.4, 1) * noise * 3) / k,
  }));
  const points: Point[] = [];
  for (let i = 0; i < 48; i++) {
    const angle = (i / 48) * 2 * Math.PI;
    const c = Math.cos(angle);
    const s = Math.sin(angle);
    const radius = (Math.abs(c / a) ** 2.7 + Math.abs(s / b) ** 2.7) ** (-1 / 2.7);
    const wobble = 1 + waves.reduce((sum, wave) => sum + wave.size * 0.5 * Math.sin(wave.k * angle + wave.phase), 0);
    points.push([centre[0] + radius * wobble * c, centre[1] + radius * wobble * s]);
  }
  return smoothCurve(points, STEP_M, true);
}

function createAxes(random: Random): Arterial[] {
  const j = (size: number) => between(random, -size, size);
  const line = (knots: Point[]) =>
    smoothCurve(
      knots.map(([x, y]) => [x + j(90), y + j(90)] as Point),
      STEP_M,
    );
  return [
    arterial(
      "primary",
      "解放大道",
      "Jiefang Avenue",
      line([
        [-5100, -500],
        [-3000, -250],
        [-1400, 120],
        [0, 60],
        [1500, 380],
        [3000, 150],
        [5100, 420],
      ]),
      true,
    ),
    arterial(
      "primary",
      "中山大道",
      "Zhongshan Avenue",
      line([
        [-2500, 4700],
        [-1900, 3000],
        [-1250, 1500],
        [-1150, 0],
        [-1500, -1400],
        [-2300, -2100],
        [-3600, -2700],
        [-5200, -2900],
      ]),
    ),
    arterial(
      "primary",
      "人民路",
      "Renmin Road",
      line([
        [1000, 4800],
        [1250, 2600],
        [1450, 1300],
        [1250, -100],
        [1050, -1500],
        [1350, -3000],
        [1300, -4700],
      ]),
    ),
    arterial(
      "secondary",
      "建设大道",
      "Jianshe Avenue",
      line([
        [-5000, 1500],
        [-3000, 1350],
        [-1500, 1050],
        [-350, 1500],
        [200, 1800],
      ]),
    ),
    arterial(
      "secondary",
      "和平大道",
      "Heping Avenue",
      line([
        [150, -1100],
        [1100, -850],
        [2400, -1250],
        [3500, -1150],
        [5100, -1500],
      ]),
    ),
  ];
}

const RADIALS = [
  ["友谊大道", "Youyi Avenue", 32],
  ["珞瑜路", "Luoyu Road", 352],
  ["雄楚大道", "Xiongchu Avenue", 325],
  ["南湖大道", "Nanhu Avenue", 300],
  ["青年路", "Qingnian Road", 112],
  ["发展大道", "Fazhan Avenue", 148],
  ["古田路", "Gutian Road", 168],
  ["鹦鹉大道", "Yingwu Avenue", 252],
] as const;

function createRadials(random: Random, centre: Point): Arterial[] {
  return RADIALS.map(([name, nameEn, degrees], i) => {
    const start = (degrees + between(random, -6, 6)) * (Math.PI / 180);
    const swing = between(random, -0.22, 0.22);
    const knots: Point[] = [0.45, 0.62, 0.82, 1.02, 1.3].map((r) => {
      const angle = start + swing * (r - 0.3);
      return [centre[0] + Math.cos(angle) * r * 4200, centre[1] + Math.sin(angle) * r * 3650];
    });
    return arterial(i % 3 === 0 ? "primary" : "secondary", name, nameEn, smoothCurve(knots, STEP_M));
  });
}

const TANGENTS = [
  ["三阳路", "Sanyang Road", 0.72, 100, 215],
  ["汉西路", "Hanxi Road", 0.76, 205, 268],
  ["光谷路", "Guanggu Road", 0.74, -75, 62],
] as const;

function createTangents(random: Random): Arterial[] {
  return TANGENTS.map(([name, nameEn, share, from, to]) => {
    const knots: Point[] = [];
    for (let degrees = from; degrees <= to; degrees += 14) {
      const angle = degrees * (Math.PI / 180);
      const r = share + between(random, -0.03, 0.03);
      knots.push([Math.cos(angle) * r * 4100, Math.sin(angle) * r * 3550]);
    }
    return arterial("secondary", name, nameEn, smoothCurve(knots, STEP_M));
  });
}

function createRailway(random: Random): Point[] {
  const j = () => between(random, -120, 120);
  return smoothCurve(
    [
      [-5200, 3000 + j()],
      [-3300, 2450 + j()],
      [-1600, 2250 + j()],
      [300, 2650 + j()],
      [1900, 1900 + j()],
      [2700, 700 + j()],
      [2900, -900 + j()],
      [2300, -2500 + j()],
      [2500, -4900],
    ],
    60,
  );
}
