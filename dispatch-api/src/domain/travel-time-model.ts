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
  /** Metres beside the roads at both ends of the way; neither distance nor ETA holds them. 0 for a straight line. */
  readonly offRoadM: number;
  /** Draws the way; absent where the model knows none. */
  readonly route?: () => Position[];
}

export interface Arrivals<C extends Candidate> {
  /** Soonest first, ties to the smaller id [N3]; at most `limit`. */
  readonly arrivals: readonly Arrival<C>[];
  /** Those the model finds no way for, by id. */
  readonly unreachable: readonly C[];
}

export type AreaGeometry = ResponseArea["rings"][number]["geometry"];

/** Whether an area is what is reached from its centre, or from where the centre is reached: one-way streets tell them apart. */
export type AreaDirection = "from-center" | "to-center";

/** How long it takes to get somewhere: by road where a graph is loaded, else by straight line [N6]. */
export interface TravelTimeModel {
  /** What the answers say they rest on. */
  describe(): TravelModel;
  /** [N1] The `limit` candidates that arrive first at `place`. */
  soonest<C extends Candidate>(place: Position, candidates: readonly C[], limit: number): Arrivals<C>;
  /** What a unit of `kind` travels in `minutes`; no polygon where it has no road. */
  areaWithin(center: Position, kind: UnitKind, minutes: number, direction: AreaDirection): Promise<AreaGeometry>;
}
