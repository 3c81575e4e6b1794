import { type Point, ringArea } from "./geometry.ts";

/**
 * Streets and blocks as one doubly connected edge list: half-edge h and its twin h ^ 1 share edge h >> 1,
 * a face lies to the left of its half-edges. Neighbours share vertices, so blocks tile without gaps.
 */
export class PlanarMap {
  readonly points: Point[] = [];
  readonly origin: number[] = [];
  readonly next: number[] = [];
  readonly prev: number[] = [];
  readonly face: number[] = [];
  readonly street: number[] = [];
  readonly degree: number[] = [];
  /** One half-edge of each face. */
  readonly faceEdge: number[] = [];

  addVertex(point: Point): number {
    this.degree.push(0);
    return this.points.push(point) - 1;
  }

  /** Both half-edges without links; the caller links them. */
  addEdge(from: number, to: number, street: number): number {
    const h = this.origin.length;
    this.origin.push(from, to);
    this.next.push(-1, -1);
    this.prev.push(-1, -1);
    this.face.push(-1, -1);
    this.street.push(street);
    this.degree[from]!++;
    this.degree[to]!++;
    return h;
  }

  target(h: number): number {
    return this.origin[h ^ 1]!;
  }

  /** Links every half-edge to the next one around its face and numbers the faces; `outer` is the unbounded one. */
  linkFaces(): { outer: number } {
    const around: number[][] = this.points.map(() => []);
    for (let h = 0; h < this.origin.length; h++) around[this.origin[h]!]!.push(h);
    for (const [v, list] of around.entries()) {
      const from = this.points[v]!;
      const bearing = (h: number) => {
        const to = this.points[this.target(h)]!;
        return Math.atan2(to[1] - from[1], to[0] - from[0]);
      };
      list.sort((a, b) => bearing(a) - bearing(b));
      list.forEach((h, i) => {
        // Arriving by the twin of h, the face on the left continues with the half-edge clockwise before h.
        const following = list[(i + list.length - 1) % list.length]!;
        this.next[h ^ 1] = following;
        this.prev[following] = h ^ 1;
      });
    }
    let outer = -1;
    let least = 0;
    for (let h = 0; h < this.origin.length; h++) {
      if (this.face[h] !== -1) continue;
      const f = this.faceEdge.push(h) - 1;
      for (const e of this.walk(h)) this.face[e] = f;
      const area = ringArea(this.ring(f));
      if (area < least) {
        least = area;
        outer = f;
      }
    }
    return { outer };
  }

  private walk(start: number): number[] {
    const out: number[] = [];
    let h = start;
    do {
      out.push(h);
      h = this.next[h]!;
    } while (h !== start);
    return out;
  }

  halfEdges(face: number): number[] {
    return this.walk(this.faceEdge[face]!);
  }

  ring(face: number): Point[] {
    return this.halfEdges(face).map((h) => this.points[this.origin[h]!]!);
  }

  /** Puts a vertex on an edge; both blocks beside it get it. Answers the half-edge that now starts there. */
  splitEdge(h: number, point: Point): number {
    const twin = h ^ 1;
    const end = this.origin[twin]!;
    const v = this.addVertex(point);
    const n = this.addEdge(v, end, this.street[h >> 1]!);
    this.degree[end]!--;
    this.degree[v]!++;
    const after = this.next[h]!;
    const before = this.prev[twin]!;
    this.next[h] = n;
    this.prev[n] = h;
    this.next[n] = after;
    this.prev[after] = n;
    this.origin[twin] = v;
    this.next[before] = n ^ 1;
    this.prev[n ^ 1] = before;
    this.next[n ^ 1] = twin;
    this.prev[twin] = n ^ 1;
    this.face[n] = this.face[h]!;
    this.face[n ^ 1] = this.face[twin]!;
    return n;
  }

  /**
   * Cuts a face along a line from the origin of `from` to the origin of `to` (both half-edges of that face)
   * through `between`. Answers the new face, which lies left of the line.
   */
  splitFace(from: number, to: number, between: readonly Point[], street: number): number {
    const old = this.face[from]!;
    const vertices = [this.origin[from]!, ...between.map((p) => this.addVertex(p)), this.origin[to]!];
    const line: number[] = [];
    for (let i = 1; i < vertices.length; i++) line.push(this.addEdge(vertices[i - 1]!, vertices[i]!, street));
    for (let i = 1; i < line.length; i++) {
      this.link(line[i - 1]!, line[i]!);
      this.link(line[i]! ^ 1, line[i - 1]! ^ 1);
    }
    const first = line[0]!;
    const last = line[line.length - 1]!;
    this.link(this.prev[from]!, first);
    this.link(this.prev[to]!, last ^ 1);
    this.link(last, to);
    this.link(first ^ 1, from);
    const created = this.faceEdge.push(first) - 1;
    for (const h of this.walk(first)) this.face[h] = created;
    this.faceEdge[old] = first ^ 1;
    for (const h of line) this.face[h ^ 1] = old;
    return created;
  }

  private link(a: number, b: number): void {
    this.next[a] = b;
    this.prev[b] = a;
  }
}
