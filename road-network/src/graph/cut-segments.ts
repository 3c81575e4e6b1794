import { distanceM } from "../geo/local-metres.ts";
import type { Elements } from "../osm/collect-elements.ts";
import type { RoadWay } from "./select-roads.ts";

/** The road between two graph nodes; its points are `points[start .. end)`, positions in the node columns. */
export interface Segment {
  /** Position in the list of roads. */
  readonly road: number;
  readonly start: number;
  readonly end: number;
  readonly lengthDm: number;
}

/** Cuts every road at the nodes where roads meet, and where the extract lacks a node. */
export function cutSegments(
  elements: Elements,
  roads: readonly RoadWay[],
  isGraphNode: (node: number) => boolean,
): { segments: Segment[]; points: number[] } {
  const segments: Segment[] = [];
  const points: number[] = [];
  for (const [road, { way }] of roads.entries()) {
    let start = points.length;
    let lengthM = 0;
    const finish = () => {
      if (points.length - start >= 2) {
        segments.push({ road, start, end: points.length, lengthDm: Math.max(1, Math.round(lengthM * 10)) });
      } else points.length = start;
      start = points.length;
      lengthM = 0;
    };
    for (let i = way.start; i < way.end; i++) {
      const node = elements.refs[i] as number;
      if (node < 0) {
        finish();
        continue;
      }
      const previous = points.length > start ? (points[points.length - 1] as number) : -1;
      if (node === previous) continue;
      if (previous >= 0) {
        lengthM += distanceM(
          elements.lng7[previous] as number,
          elements.lat7[previous] as number,
          elements.lng7[node] as number,
          elements.lat7[node] as number,
        );
      }
      points.push(node);
      if (previous >= 0 && isGraphNode(node)) {
        finish();
        points.push(node);
      }
    }
    finish();
  }
  return { segments, points };
}
