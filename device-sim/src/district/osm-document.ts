import type { Point } from "./geometry.ts";
import { type LngLat, toLngLat } from "./projection.ts";

export type Tags = Record<string, string | undefined>;

export interface OsmWay {
  id: number;
  nodes: number[];
  tags: Tags;
}

export interface OsmMember {
  type: "node" | "way";
  ref: number;
  role: string;
}

/** An OSM 0.6 document in the making. Numbers count up from 1 in order of creation. */
export class OsmDocument {
  readonly positions: LngLat[] = [];
  readonly nodeTags = new Map<number, Tags>();
  readonly ways: OsmWay[] = [];
  private readonly relations: { id: number; members: OsmMember[]; tags: Tags }[] = [];

  addNode(point: Point, tags?: Tags): number {
    const id = this.positions.push(toLngLat(point));
    if (tags) this.nodeTags.set(id, tags);
    return id;
  }

  tagNode(id: number, tags: Tags): void {
    this.nodeTags.set(id, { ...this.nodeTags.get(id), ...tags });
  }

  addWay(nodes: number[], tags: Tags): number {
    const id = this.ways.length + 1;
    this.ways.push({ id, nodes, tags });
    return id;
  }

  /** A closed way with nodes of its own. */
  addArea(ring: readonly Point[], tags: Tags): number {
    const nodes = ring.map((p) => this.addNode(p));
    return this.addWay([...nodes, nodes[0]!], tags);
  }

  addLine(line: readonly Point[], tags: Tags): number {
    return this.addWay(
      line.map((p) => this.addNode(p)),
      tags,
    );
  }

  addRelation(members: OsmMember[], tags: Tags): void {
    this.relations.push({ id: this.relations.length + 1, members, tags });
  }

  toXml(): string {
    const out: string[] = [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<osm version="0.6" generator="wufen device-sim" copyright="Wufen demo district (invented)">',
    ];
    let [west, south, east, north] = [180, 90, -180, -90];
    for (const [lng, lat] of this.positions) {
      west = Math.min(west, lng);
      east = Math.max(east, lng);
      south = Math.min(south, lat);
      north = Math.max(north, lat);
    }
    out.push(`<bounds minlat="${south}" minlon="${west}" maxlat="${north}" maxlon="${east}"/>`);
    const meta = 'visible="true" version="1"';
    this.positions.forEach(([lng, lat], i) => {
      const tags = this.nodeTags.get(i + 1);
      const head = `<node id="${i + 1}" ${meta} lat="${lat}" lon="${lng}"`;
      out.push(tags ? `${head}>${tagLines(tags)}</node>` : `${head}/>`);
    });
    for (const { id, nodes, tags } of this.ways) {
      out.push(`<way id="${id}" ${meta}>${nodes.map((n) => `<nd ref="${n}"/>`).join("")}${tagLines(tags)}</way>`);
    }
    for (const { id, members, tags } of this.relations) {
      const list = members.map((m) => `<member type="${m.type}" ref="${m.ref}" role="${m.role}"/>`).join("");
      out.push(`<relation id="${id}" ${meta}>${list}${tagLines(tags)}</relation>`);
    }
    out.push("</osm>", "");
    return out.join("\n");
  }
}

function tagLines(tags: Tags): string {
  let out = "";
  for (const key in tags) {
    const value = tags[key];
    if (value !== undefined) out += `<tag k="${key}" v="${escapeXml(value)}"/>`;
  }
  return out;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
