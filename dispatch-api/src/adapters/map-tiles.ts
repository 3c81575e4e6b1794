import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { MapInfo } from "@wufen/contract";
import { serveTiles, type TileAnswer, type TileRequest } from "./tile-service.ts";

/** Bytes of gzipped tiles that are kept. */
const CACHE_MAX_BYTES = 64 * 1024 * 1024;
/** Bytes a tile that is empty counts for in the cache. */
const EMPTY_TILE_BYTES = 64;

interface Waiting {
  resolve(gzipped: Uint8Array | undefined): void;
  reject(error: Error): void;
}

/** The map's tiles, cut in a worker, gzipped once and kept. */
export class MapTiles {
  readonly info: MapInfo;
  readonly #port: Worker | MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  readonly #asked = new Map<string, Promise<Uint8Array | undefined>>();
  readonly #sizes = new Map<string, number>();
  #cachedBytes = 0;
  #nextId = 0;
  #failed: Error | undefined;

  private constructor(port: Worker | MessagePort, info: MapInfo) {
    this.#port = port;
    this.info = info;
    port.on("message", (answer: TileAnswer) => {
      if (answer.kind === "failed") this.#fail(new Error(answer.message));
      if (answer.kind !== "tile") return;
      this.#waiting.get(answer.id)?.resolve(answer.gzipped);
      this.#waiting.delete(answer.id);
    });
    port.on("error", (error) => this.#fail(error));
    port.on("exit", () => this.#fail(new Error("the tile worker ended")));
  }

  /** Opens an imported map; rejects where the folder holds none. */
  static async open(mapDir: string): Promise<MapTiles> {
    const port = startService(mapDir);
    const answer = await new Promise<TileAnswer>((resolve, reject) => {
      port.once("message", resolve);
      port.once("error", reject);
    });
    if (answer.kind === "open") return new MapTiles(port, toMapInfo(answer));
    await stopService(port);
    const message = answer.kind === "failed" ? answer.message : "no answer";
    throw new Error(`WUFEN_MAP_DIR=${mapDir} cannot be opened (${message}); import the extract again`);
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
    await stopService(this.#port);
  }

  #ask(z: number, x: number, y: number): Promise<Uint8Array | undefined> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ id, z, x, y } satisfies TileRequest);
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

/** A worker of the build; from the sources, which Node cannot run in a worker, the same service in this thread. */
function startService(mapDir: string): Worker | MessagePort {
  if (!import.meta.url.endsWith(".ts")) {
    return new Worker(new URL("./tile-worker.js", import.meta.url), { workerData: { mapDir } });
  }
  const { port1, port2 } = new MessageChannel();
  void serveTiles(mapDir, port2);
  return port1;
}

async function stopService(port: Worker | MessagePort): Promise<void> {
  if (port instanceof Worker) await port.terminate();
  else port.close();
}

function toMapInfo({ report, minZoom, maxZoom }: Extract<TileAnswer, { kind: "open" }>): MapInfo {
  const { version, sourceName, attribution, bounds, center } = report;
  return { version, sourceName, attribution, bounds: [...bounds], center: [...center], minZoom, maxZoom };
}
