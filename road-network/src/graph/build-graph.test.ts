import { describe, expect, it } from "vitest";
import { buildSmallGraph, gridNodes } from "../testing/build-small-graph.ts";
import type { SmallExtract } from "../testing/small-extract.ts";
import { ACCESS } from "./access.ts";
import {
  EDGE_FLAG,
  edgeGeometry,
  edgeName,
  listOutgoingEdges,
  NO_COMPONENT,
  NODE_FLAG,
  RESTRICTION_KIND,
  type RoadGraph,
} from "./road-graph.ts";

const street = (id: number, nodes: number[], tags: Record<string, string> = {}) => ({
  id,
  nodes,
  tags: { highway: "residential", ...tags },
});

/** Edges as “first node–last node”, by the ids of gridNodes(columns, …). */
function nameEdges(graph: RoadGraph, columns: number) {
  const idOf = (node: number) =>
    Math.round(((graph.nodeLng7[node] as number) / 1e7 - 8) * 1000) +
    Math.round(((graph.nodeLat7[node] as number) / 1e7 - 49) * 1000) * columns +
    1;
  const text = (edge: number) => `${idOf(graph.edgeFrom[edge] as number)}–${idOf(graph.edgeTo[edge] as number)}`;
  const edges = new Map<string, number>();
  for (let edge = 0; edge < graph.edgeCount; edge++) edges.set(text(edge), edge);
  const nodes = new Map(Array.from(graph.nodeLng7, (_, node) => [idOf(node), node]));
  const getEdge = (name: string): number => {
    const edge = edges.get(name);
    if (edge === undefined) throw new Error(`There is no edge ${name}, only ${[...edges.keys()].join(" ")}`);
    return edge;
  };
  const restrictions = Array.from(graph.restrictionKind, (kind, r) => ({
    kind,
    vehicles: graph.restrictionVehicles[r],
    edges: [...graph.restrictionEdges.slice(graph.restrictionStart[r], graph.restrictionStart[r + 1])].map(text),
  }));
  return { names: [...edges.keys()].sort(), getEdge, nodes, restrictions };
}

function build(extract: SmallExtract, columns: number) {
  const graph = buildSmallGraph(extract);
  return { graph, ...nameEdges(graph, columns) };
}

it("roads are cut where they meet, and edge ^ 1 is the way back", () => {
  // 7 8 9
  // 4 5 6   a road 1-2-3 along the bottom, one 2-5-8 upwards, one 4-5-6 across
  // 1 2 3
  const { graph, names, getEdge } = build(
    { nodes: gridNodes(3, 3), ways: [street(1, [1, 2, 3]), street(2, [2, 5, 8]), street(3, [4, 5, 6])] },
    3,
  );
  expect(names).toEqual(["1–2", "2–1", "2–3", "3–2", "2–5", "5–2", "5–8", "8–5", "4–5", "5–4", "5–6", "6–5"].sort());
  for (let edge = 0; edge < graph.edgeCount; edge++) {
    expect(graph.edgeFrom[edge ^ 1]).toBe(graph.edgeTo[edge]);
    expect(edgeGeometry(graph, edge ^ 1)).toEqual(edgeGeometry(graph, edge).reverse());
    expect(edgeGeometry(graph, edge)[0]).toEqual([
      (graph.nodeLng7[graph.edgeFrom[edge] as number] as number) / 1e7,
      (graph.nodeLat7[graph.edgeFrom[edge] as number] as number) / 1e7,
    ]);
  }
  const out = listOutgoingEdges(graph, graph.edgeTo[getEdge("2–5")] as number, ACCESS.CAR);
  expect(out.sort()).toEqual(["5–2", "5–8", "5–4", "5–6"].map(getEdge).sort());
});

it("points between junctions become shape, and lengths are along it", () => {
  const { graph, names, getEdge } = build({ nodes: gridNodes(3, 2), ways: [street(1, [1, 2, 3, 6])] }, 3);
  expect(names).toEqual(["1–6", "6–1"]);
  const edge = getEdge("1–6");
  expect(edgeGeometry(graph, edge)).toEqual([
    [8, 49],
    [8.001, 49],
    [8.002, 49],
    [8.002, 49.001],
  ]);
  // 0.001° of latitude is 111.195 m on this sphere, of longitude cos 49° of that.
  expect((graph.edgeLengthDm[edge] as number) / 10).toBeCloseTo(111.195 * (1 + 2 * Math.cos((49 * Math.PI) / 180)), 0);
});

it("a road ends where the extract lacks a node, repeated points are one, and a loop is an edge", () => {
  const { graph, names } = build(
    {
      nodes: gridNodes(4, 2),
      ways: [street(1, [1, 1, 2, 99, 3, 4]), street(2, [99, 5]), street(3, [5, 6, 7, 5])],
    },
    4,
  );
  expect(names).toEqual(["1–2", "2–1", "3–4", "4–3", "5–5"]);
  expect(graph.facts.edges).toBe(6);
});

it("speeds, names and flags are those of the way", () => {
  const { graph, getEdge } = build(
    {
      nodes: gridNodes(3, 1, { 2: { highway: "traffic_signals" } }),
      ways: [
        street(41, [1, 2], {
          highway: "primary",
          maxspeed: "60",
          name: "解放路",
          "name:en": "Jiefang Road",
          lanes: "4",
        }),
        street(42, [2, 3], { oneway: "yes", bridge: "viaduct", "name:zh": "桥" }),
      ],
    },
    3,
  );
  const primary = getEdge("1–2");
  expect(edgeName(graph, primary)).toBe("解放路");
  expect(graph.text(graph.wayNameEn[graph.edgeWay[primary] as number] as number)).toBe("Jiefang Road");
  expect(graph.wayLanes[graph.edgeWay[primary] as number]).toBe(4);
  expect(graph.wayId[graph.edgeWay[primary] as number]).toBe(41);
  expect([graph.edgeSpeedKmh[primary], graph.edgeMaxspeedKmh[primary]]).toEqual([60, 60]);
  expect(graph.edgeFlags[primary]).toBe(EDGE_FLAG.SIGNAL_AT_END);
  expect(graph.edgeFlags[primary ^ 1]).toBe(0);
  const bridge = getEdge("2–3");
  expect(edgeName(graph, bridge)).toBe("桥");
  expect([graph.edgeSpeedKmh[bridge], graph.edgeMaxspeedKmh[bridge]]).toEqual([30, 0]);
  expect(graph.edgeFlags[bridge]).toBe(EDGE_FLAG.ONEWAY | EDGE_FLAG.BRIDGE);
  expect(graph.edgeAccess[bridge ^ 1]).toBe(ACCESS.FOOT);
});

it("a signal in the middle of a road that is tagged for one direction faces only that one", () => {
  const { graph, getEdge } = build(
    {
      nodes: gridNodes(3, 1, { 2: { highway: "traffic_signals", "traffic_signals:direction": "backward" } }),
      ways: [street(1, [1, 2, 3])],
    },
    3,
  );
  expect((graph.edgeFlags[getEdge("1–2")] as number) & EDGE_FLAG.SIGNAL_AT_END).toBe(0);
  expect((graph.edgeFlags[getEdge("3–2")] as number) & EDGE_FLAG.SIGNAL_AT_END).toBe(EDGE_FLAG.SIGNAL_AT_END);
});

it("a bollard cuts the road for cars and stays in the graph for walkers", () => {
  const { graph, getEdge, nodes } = build(
    { nodes: gridNodes(3, 1, { 2: { barrier: "bollard" } }), ways: [street(1, [1, 2, 3])] },
    3,
  );
  expect(graph.nodeFlags[nodes.get(2) as number]).toBe(NODE_FLAG.CAR_BARRIER);
  expect(graph.edgeComponent[getEdge("1–2")]).not.toBe(graph.edgeComponent[getEdge("2–3")]);
  expect(graph.facts).toMatchObject({ components: 2, largestComponentShare: 0.5 });
});

describe("components", () => {
  it("a one-way dead end belongs to none", () => {
    const { graph, getEdge } = build(
      {
        nodes: gridNodes(3, 2),
        ways: [street(1, [2, 5, 4, 1, 2], { oneway: "yes" }), street(2, [2, 3], { oneway: "yes" })],
      },
      3,
    );
    expect(graph.edgeComponent[getEdge("2–3")]).toBe(NO_COMPONENT);
    expect(graph.edgeComponent[getEdge("2–2") & ~1]).toBe(0);
    expect(graph.facts.components).toBe(1);
  });
});

describe("turn restrictions", () => {
  const member = (type: "node" | "way", ref: number, role: string) => ({ type, ref, role });
  const crossing = [street(1, [1, 2]), street(2, [2, 3]), street(3, [2, 5])];
  const everyone = ACCESS.CAR | ACCESS.MOTORCYCLE | ACCESS.EMERGENCY;

  function restricted(tags: Record<string, string>, members: ReturnType<typeof member>[], ways = crossing) {
    const relation = { id: 1, members, tags: { type: "restriction", ...tags } };
    return build({ nodes: gridNodes(3, 3), ways, relations: [relation] }, 3).restrictions;
  }
  const overNode = [member("way", 1, "from"), member("node", 2, "via"), member("way", 3, "to")];

  it("over a node", () => {
    expect(restricted({ restriction: "no_left_turn" }, overNode)).toEqual([
      { kind: RESTRICTION_KIND.NO, vehicles: everyone, edges: ["1–2", "2–5"] },
    ]);
    expect(restricted({ restriction: "only_left_turn" }, overNode)[0]?.kind).toBe(RESTRICTION_KIND.ONLY);
  });

  it("bind whom they name", () => {
    expect(restricted({ restriction: "no_left_turn", except: "motorcycle;emergency" }, overNode)[0]?.vehicles).toBe(
      ACCESS.CAR,
    );
    expect(restricted({ "restriction:motorcycle": "no_left_turn" }, overNode)[0]?.vehicles).toBe(ACCESS.MOTORCYCLE);
    expect(restricted({ "restriction:hgv": "no_left_turn" }, overNode)).toEqual([]);
    expect(restricted({ restriction: "no_left_turn", except: "motor_vehicle" }, overNode)).toEqual([]);
    expect(restricted({ restriction: "give_way" }, overNode)).toEqual([]);
  });

  it("a U-turn at the end of a way", () => {
    const uTurn = [member("way", 1, "from"), member("node", 2, "via"), member("way", 1, "to")];
    expect(restricted({ restriction: "no_u_turn" }, uTurn)[0]?.edges).toEqual(["1–2", "2–1"]);
  });

  it("over a via way of several edges", () => {
    // From 1–2 over 2–5–8 to 8–9; a side road at 5 cuts the via way in two.
    const ways = [street(1, [1, 2]), street(2, [2, 5, 8]), street(3, [8, 9]), street(4, [5, 6])];
    const members = [member("way", 1, "from"), member("way", 2, "via"), member("way", 3, "to")];
    expect(restricted({ restriction: "no_u_turn" }, members, ways)).toEqual([
      { kind: RESTRICTION_KIND.NO, vehicles: everyone, edges: ["1–2", "2–5", "5–8", "8–9"] },
    ]);
  });

  it("are left out where the roads do not fit them", () => {
    const wrongWay = [street(1, [1, 2]), street(2, [2, 3]), street(3, [5, 2], { oneway: "yes" })];
    expect(restricted({ restriction: "no_left_turn" }, overNode, wrongWay)).toEqual([]);
    const missing = [member("way", 1, "from"), member("node", 77, "via"), member("way", 3, "to")];
    expect(restricted({ restriction: "no_left_turn" }, missing)).toEqual([]);
  });

  it("make a node in the middle of a way, where only one side can be meant", () => {
    // The “to” way runs on through the via node, one-way.
    const ways = [street(1, [1, 2]), street(3, [8, 5, 2, 3], { oneway: "yes" })];
    expect(restricted({ restriction: "no_right_turn" }, overNode, ways)[0]?.edges).toEqual(["1–2", "2–3"]);
  });
});
