import type { MessagePort } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { type ImportReport, openMap } from "@wufen/road-network";

export interface TileRequest {
  readonly id: number;
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

export type TileAnswer =
  | { readonly kind: "open"; readonly report: ImportReport; readonly minZoom: number; readonly maxZoom: number }
  | { readonly kind: "tile"; readonly id: number; readonly gzipped: Uint8Array | undefined }
  | { readonly kind: "failed"; readonly message: string };

/** Opens a map and cuts its tiles for whoever asks over the port. */
export async function serveTiles(mapDir: string, port: Pick<MessagePort, "on" | "postMessage">): Promise<void> {
  const answer = (message: TileAnswer) => port.postMessage(message);
  try {
    const { tiles, report } = await openMap(mapDir);
    port.on("message", ({ id, z, x, y }: TileRequest) => {
      const tile = tiles.tile(z, x, y);
      answer({ kind: "tile", id, gzipped: tile === undefined ? undefined : gzipSync(tile) });
    });
    answer({ kind: "open", report, minZoom: tiles.minZoom, maxZoom: tiles.maxZoom });
    tiles.warm();
  } catch (error) {
    answer({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}
