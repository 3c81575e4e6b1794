import { parentPort, workerData } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { openMap } from "@wufen/road-network";
import type { TileAnswer, TileRequest } from "./map-tiles.ts";

// Cutting a low-zoom tile takes up to a second: it happens here, off the event loop that feeds the desks.
const port = parentPort;
if (port === null) throw new Error("this file is a worker; MapTiles starts it");
const { tiles, report } = await openMap((workerData as { mapDir: string }).mapDir);

port.on("message", ({ id, z, x, y }: TileRequest) => {
  const tile = tiles.tile(z, x, y);
  answer({ kind: "tile", id, gzipped: tile === undefined ? undefined : gzipSync(tile) });
});
answer({ kind: "open", report, minZoom: tiles.minZoom, maxZoom: tiles.maxZoom });
tiles.warm();

function answer(message: TileAnswer): void {
  port?.postMessage(message);
}
