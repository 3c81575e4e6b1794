import type { MessagePort } from "node:worker_threads";
import type { UnitKind } from "@wufen/contract";
import { type Outline, ReachSearch, type RoadPlace, responseArea, type TravelModel } from "@wufen/road-network";
import type { AreaDirection } from "../domain/travel-time-model.ts";

export type TravelModels = ReadonlyMap<UnitKind, TravelModel>;

export interface AreaRequest {
  readonly id: number;
  readonly kind: UnitKind;
  readonly place: RoadPlace;
  readonly limitDs: number;
  readonly direction: AreaDirection;
}

/** An outline as it crosses from thread to thread: all corners, and how many each ring of each polygon has. */
export interface FlatOutline {
  readonly lngLats: Float64Array;
  readonly corners: readonly (readonly number[])[];
}

export type AreaAnswer =
  | ({ readonly id: number; readonly kind: "area" } & FlatOutline)
  | { readonly id: number; readonly kind: "failed"; readonly message: string };

/** Searches areas for whoever asks over the port. */
export function serveAreas(models: TravelModels, port: Pick<MessagePort, "on" | "postMessage">): void {
  const searches = new Map([...models].map(([kind, model]) => [kind, new ReachSearch(model)]));
  port.on("message", (request: AreaRequest) => {
    const { id } = request;
    try {
      const area = flatten(searchArea(searches, request));
      port.postMessage({ id, kind: "area", ...area } satisfies AreaAnswer, [area.lngLats.buffer]);
    } catch (error) {
      port.postMessage({ id, kind: "failed", message: String(error) } satisfies AreaAnswer);
    }
  });
}

function searchArea(searches: ReadonlyMap<UnitKind, ReachSearch>, { kind, place, limitDs, direction }: AreaRequest) {
  const search = searches.get(kind);
  if (!search) throw new Error(`a ${kind} has no travel profile; ask for another kind`);
  return responseArea(direction === "to-center" ? search.to(place, limitDs) : search.from([place], limitDs));
}

function flatten(outline: Outline): FlatOutline & { readonly lngLats: Float64Array<ArrayBuffer> } {
  return {
    lngLats: Float64Array.from(outline.flat(3)),
    corners: outline.map((rings) => rings.map((ring) => ring.length)),
  };
}
