import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { Position, UnitKind } from "@wufen/contract";
import type { Columns, TravelModel } from "@wufen/road-network";
import type { AreaGeometry } from "../domain/travel-time-model.ts";
import { RequestProblem } from "../problem.ts";
import { type AreaAnswer, type AreaRequest, type FlatOutline, serveAreas, type TravelModels } from "./area-service.ts";

/** Most areas that wait for their turn. */
const WAITING_LIMIT = 200;

export interface AreaWorkerData {
  /** Of the graph's file; the threads share their bytes. */
  readonly columns: Columns;
  readonly models: ReadonlyMap<UnitKind, Omit<TravelModel, "graph">>;
}

interface Waiting {
  resolve(geometry: AreaGeometry): void;
  reject(error: Error): void;
}

/** Response areas by road, searched in a worker on the one graph in memory. */
export class RoadAreas {
  readonly #port: Worker | MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #failed: Error | undefined;

  private constructor(port: Worker | MessagePort) {
    this.#port = port;
    port.on("message", (answer: AreaAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.kind === "area") waiting?.resolve(toGeometry(answer));
      else waiting?.reject(new Error(answer.message));
    });
    port.on("error", (error) => this.#fail(error));
    port.on("exit", () => this.#fail(new Error("the worker of the response areas ended")));
  }

  /** A worker of the build; from the sources, which Node cannot run in a worker, the same service in this thread. */
  static start(columns: Columns, models: TravelModels): RoadAreas {
    if (import.meta.url.endsWith(".ts")) return RoadAreas.startInThread(models);
    const withoutGraph = new Map([...models].map(([kind, { graph: _, ...model }]) => [kind, model]));
    const workerData: AreaWorkerData = { columns, models: withoutGraph };
    return new RoadAreas(new Worker(new URL("./area-worker.js", import.meta.url), { workerData }));
  }

  static startInThread(models: TravelModels): RoadAreas {
    const { port1, port2 } = new MessageChannel();
    serveAreas(models, port2);
    return new RoadAreas(port1);
  }

  find(request: Omit<AreaRequest, "id">): Promise<AreaGeometry> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (this.#waiting.size >= WAITING_LIMIT) {
      const message = `${WAITING_LIMIT} response areas are being searched already; try again in a moment`;
      return Promise.reject(new RequestProblem("TOO_MANY_REQUESTS", message));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ id, ...request } satisfies AreaRequest);
    });
  }

  async close(): Promise<void> {
    if (this.#port instanceof Worker) await this.#port.terminate();
    else this.#port.close();
  }

  #fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function toGeometry({ lngLats, corners }: FlatOutline): AreaGeometry {
  let at = 0;
  const next = (): Position => [lngLats[at++] ?? 0, lngLats[at++] ?? 0];
  const coordinates = corners.map((rings) => rings.map((count) => Array.from({ length: count }, next)));
  return { type: "MultiPolygon", coordinates };
}
