import { join } from "node:path";
import type { Position, UnitKind } from "@wufen/contract";
import {
  createFleet,
  createTravelModel,
  decodeGraph,
  type NearestFleet,
  nearestRoadDistanceM,
  nearestUnits,
  type RoadGraph,
  type RoadPosition,
  readColumns,
  routeLine,
  TRAVEL_PROFILES,
  type TravelModel,
  type TravelProfileId,
  UnitsOnRoads,
} from "@wufen/road-network";
import type { Arrival, Candidate, TravelTimeModel } from "../domain/travel-time-model.ts";
import type { TravelModels } from "./area-service.ts";
import { findMainNetwork, type MainNetwork } from "./main-network.ts";
import { RoadAreas } from "./road-areas.ts";

/** How each kind of unit travels; a boat has no roads. */
const PROFILE_OF_KIND: Record<UnitKind, TravelProfileId | undefined> = {
  car: "car",
  motorcycle: "motorcycle",
  foot: "foot",
  boat: undefined,
};

/** Farther than this from a road of its profile, a unit or a place has no way. A setting: no source gives it. */
export const OFF_ROAD_MAX_M = 200;
/** No way is longer: 24 hours. */
const LONGEST_WAY_DS = 864_000;

/** A travel profile on the graph, with the room its searches need. */
interface Profile {
  readonly access: number;
  readonly fleet: NearestFleet;
  readonly main: MainNetwork;
}

export interface RoadModel extends TravelTimeModel {
  close(): Promise<void>;
}

/** Opens the road graph of an imported map, once for all threads; rejects where the folder holds none. */
export async function openRoadModel(mapDir: string): Promise<RoadModel> {
  const columns = await readColumns(join(mapDir, "graph.bin"));
  const graph = decodeGraph(columns);
  const models = createTravelModels(graph);
  return createRoadModel(graph, models, RoadAreas.start(columns, models));
}

/** How each kind of unit travels a graph. */
export function createTravelModels(graph: RoadGraph): TravelModels {
  const models = new Map<UnitKind, TravelModel>();
  for (const [kind, id] of Object.entries(PROFILE_OF_KIND) as [UnitKind, TravelProfileId | undefined][]) {
    if (id !== undefined) models.set(kind, createTravelModel(graph, TRAVEL_PROFILES[id]));
  }
  return models;
}

/**
 * Travel times by road [N1]. Units and places lie on the nearest road that their profile may use, at most
 * {@link OFF_ROAD_MAX_M} away; who lies on none, or on an island of the graph, is unreachable: never a guess.
 */
export function createRoadModel(graph: RoadGraph, models: TravelModels, areas: RoadAreas): RoadModel {
  const profiles = new Map([...models].map(([kind, model]) => [kind, createProfile(model)]));
  const findPlace = (position: Position, profile: Profile | undefined) =>
    profile && nearestRoadDistanceM(graph, position, OFF_ROAD_MAX_M, { access: profile.access });

  return {
    describe: () => ({ kind: "road", graphVersion: graph.version }),

    soonest(place, candidates, limit) {
      // [N3] The search gives ties to the smaller number: a unit's number is its rank by id.
      const byId = candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const targets = new Map<Profile, RoadPosition>();
      for (const profile of profiles.values()) {
        const target = findPlace(place, profile);
        if (target) targets.set(profile, target);
      }
      const places = byId.map(({ position, kind }) => {
        const profile = profiles.get(kind);
        return profile && targets.has(profile) ? findPlace(position, profile) : undefined;
      });
      try {
        for (const [unit, at] of places.entries()) if (at) fleetOf(byId[unit]).units.place(unit, at);
        const targetOf = new Map([...targets].map(([profile, target]) => [profile.fleet, target]));
        const found = nearestUnits({
          fleets: [...targetOf.keys()],
          placeOf: (fleet) => targetOf.get(fleet),
          count: limit,
          maxDs: LONGEST_WAY_DS,
          isEligible: () => true,
        });
        const arrivals = found.map(({ unit, timeDs, distanceM, edges }) => {
          const candidate = byId[unit] as (typeof byId)[number];
          const from = places[unit] as RoadPosition;
          const to = targets.get(profileOf(candidate)) as RoadPosition;
          return toArrival(graph, candidate, { timeDs, distanceM, edges, from, to });
        });
        const won = new Set(found.map(({ unit }) => unit));
        const isUnreachable = (unit: number): boolean => {
          const at = places[unit];
          if (!at) return true;
          if (won.has(unit)) return false;
          // A search that found fewer than it may has seen everybody who has a way.
          if (found.length < limit) return true;
          const profile = profileOf(byId[unit]);
          const target = targets.get(profile);
          return target !== undefined && profile.main.holds(target) && !profile.main.isReachedFrom(at);
        };
        return { arrivals, unreachable: byId.filter((_, unit) => isUnreachable(unit)) };
      } finally {
        for (const [unit, at] of places.entries()) if (at) fleetOf(byId[unit]).units.remove(unit);
      }
    },

    async areaWithin(center, kind, minutes, direction) {
      const place = findPlace(center, profiles.get(kind));
      if (!place) return { type: "MultiPolygon", coordinates: [] };
      const { edge, alongM } = place;
      return areas.find({ kind, place: { edge, alongM }, limitDs: Math.round(minutes * 600), direction });
    },

    close: () => areas.close(),
  };

  function profileOf(candidate: Candidate | undefined): Profile {
    const profile = candidate && profiles.get(candidate.kind);
    if (!profile) throw new Error(`a ${candidate?.kind} has no travel profile and was not to be placed on a road`);
    return profile;
  }

  function fleetOf(candidate: Candidate | undefined): NearestFleet {
    return profileOf(candidate).fleet;
  }
}

function createProfile(model: TravelModel): Profile {
  return {
    access: model.profile.access,
    fleet: createFleet(new UnitsOnRoads(model)),
    main: findMainNetwork(model),
  };
}

interface Way {
  readonly timeDs: number;
  readonly distanceM: number;
  readonly edges: readonly number[];
  readonly from: RoadPosition;
  readonly to: RoadPosition;
}

function toArrival<C extends Candidate>(graph: RoadGraph, candidate: C, way: Way): Arrival<C> {
  const { timeDs, distanceM, edges, from, to } = way;
  return {
    candidate,
    distanceM,
    etaSeconds: timeDs / 10,
    offRoadM: from.distanceM + to.distanceM,
    route: () => routeLine(graph, edges, from, to).map(([lng, lat]): Position => [lng, lat]),
  };
}
