import { Worker } from "node:worker_threads";
import type { MapInfo } from "@wufen/contract";
import type { ImportReport } from "@wufen/road-network";

/** Bytes of gzipped tiles that are kept. */
const CACHE_MAX_BYTES = 64 * 1024 * 1024;
/** Bytes a tile that is empty counts for in the cache. */
const EMPTY_TILE_BYTES = 64;

export interface TileRequest {
  readonly id: number;
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

export type TileAnswer =
  | { readonly kind: "open"; readonly report: ImportReport; readonly minZoom: number; readonly maxZoom: number }
  | { readonly kind: "tile"; readonly id: number; readonly gzipped: Uint8Array | undefined };

interface Waiting {
  resolve(gzipped: Uint8Array | undefined): void;
  reject(error: Error): void;
}

/** The map's tiles, cut in a worker, gzipped once and kept. */
export class MapTiles {
  readonly info: MapInfo;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #asked = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #sizes = new Map<string, number>();
  #cachedBytes = 0;
  #nextId = 0;
  #failed: Error | undefined;

  private constructor(worker: Worker, info: MapInfo) {
    this.#worker = worker;
    this.info = info;
    worker.on("message", (answer: TileAnswer) => {
      if (answer.kind !== "tile") return;
      this.#waiting.get(answer.id)?.resolve(answer.gzipped);
      this.#waiting.delete(answer.id);
    });
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", (code) => this.#fail(new Error(`the tile worker ended with code ${code}`)));
  }

  /** Opens an imported map; rejects where the folder holds none. */
  static async open(mapDir: string): Promise<MapTiles> {
    // From the sources (tests) the worker needs a loader, from the build it does not.
    const fromSource = import.meta.url.endsWith(".ts");
    const file = new URL(fromSource ? "./tile-worker.ts" : "./tile-worker.js", import.meta.url);
    const execArgv = fromSource ? ["--conditions=source", "--import", "tsx"] : [];
    const worker = new Worker(file, { workerData: { mapDir }, execArgv });
    const opened = await new Promise<Extract<TileAnswer, { kind: "open" }>>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    worker.removeAllListeners("error");
    return new MapTiles(worker, toMapInfo(opened));
  }

  /** A gzipped tile; undefined where there is nothing to draw. */
  async find(z: number, x: number, y: number): Promise<Uint8Array | undefined> {
    const key = `${z}/${x}/${y}`;
    const known = this.#asked.get(key);
    const tile = known ?? this.#ask(z, x, y);
    this.#asked.delete(key);
    this.#asked.set(key, tile);
    if (known === undefined) this.#keep(key, tile);
    return tile;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(z: number, x: number, y: number): Promise<Uint8Array | undefined> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, z, x, y } satisfies TileRequest);
    });
  }

  #keep(key: string, tile: Promise<Uint8Array | undefined>): void {
    tile.then(
      (gzipped) => {
        const bytes = gzipped?.length ?? EMPTY_TILE_BYTES;
        this.#sizes.set(key, bytes);
        this.#cachedBytes += bytes;
        for (const oldest of this.#asked.keys()) {
          if (this.#cachedBytes <= CACHE_MAX_BYTES) break;
          this.#asked.delete(oldest);
          this.#cachedBytes -= this.#sizes.get(oldest) ?? 0;
          this.#sizes.delete(oldest);
        }
      },
      () => this.#asked.delete(key),
    );
  }

  #fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function toMapInfo({ report, minZoom, maxZoom }: Extract<TileAnswer, { kind: "open" }>): MapInfo {
  const { version, sourceName, attribution, bounds, center } = report;
  return { version, sourceName, attribution, bounds: [...bounds], center: [...center], minZoom, maxZoom };
}
