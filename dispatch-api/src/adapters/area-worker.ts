import { parentPort, workerData } from "node:worker_threads";
import { decodeGraph } from "@wufen/road-network";
import { serveAreas } from "./area-service.ts";
import type { AreaWorkerData } from "./road-areas.ts";

// A wide area takes longer than the pause between two frames of the feed: it is searched here, over the same bytes.
if (parentPort === null) throw new Error("this file is a worker; RoadAreas starts it");
const { columns, models } = workerData as AreaWorkerData;
const graph = decodeGraph(columns);
serveAreas(new Map([...models].map(([kind, model]) => [kind, { ...model, graph }])), parentPort);
