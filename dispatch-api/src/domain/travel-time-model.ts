import type { Position, ResponseArea, TravelModel, UnitKind } from "@wufen/contract";

export interface Candidate {
  readonly id: string;
  readonly position: Position;
  readonly kind: UnitKind;
}

export interface Arrival<C extends Candidate> {
  readonly candidate: C;
  /** Along the way the model takes. */
  readonly distanceM: number;
  readonly etaSeconds: number;
}

export interface Arrivals<C extends Candidate> {
  /** Soonest first, ties to the smaller id [N3]; at most `limit`. */
  readonly arrivals: readonly Arrival<C>[];
  readonly unreachable: readonly C[];
}

export type AreaGeometry = ResponseArea["rings"][number]["geometry"];

/** How long it takes to get somewhere: by road where a graph is loaded, else by straight line [N6]. */
export interface TravelTimeModel {
  /** What the answers say they rest on. */
  describe(): TravelModel;
  /** [N1] The `limit` candidates that arrive first at `place`. */
  soonest<C extends Candidate>(place: Position, candidates: readonly C[], limit: number): Arrivals<C>;
  /** All that a unit of `kind` reaches from `center` in `minutes`. */
  areaWithin(center: Position, kind: UnitKind, minutes: number): AreaGeometry;
}
