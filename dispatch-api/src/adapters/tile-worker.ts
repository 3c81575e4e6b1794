import { parentPort, workerData } from "node:worker_threads";
import { serveTiles } from "./tile-service.ts";

// Cutting a low-zoom tile takes up to a second: it happens here, off the event loop that feeds the desks.
if (parentPort === null) throw new Error("this file is a worker; MapTiles starts it");
await serveTiles((workerData as { mapDir: string }).mapDir, parentPort);
