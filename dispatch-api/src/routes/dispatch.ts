import type { Position, UnitKind } from "@wufen/contract";
import { NearestAnswer, NearestQuery, Problem, ResponseArea, ResponseAreaQuery } from "@wufen/contract";
import { nearestUnits } from "../domain/nearest-units.ts";
import type { AreaDirection } from "../domain/travel-time-model.ts";
import { findFixNow, listUnitsNow } from "../live/unit-view.ts";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";
import type { Api } from "./api.ts";
import { getUnit } from "./units.ts";

/** 五分: five minutes, where nothing else is asked for. */
const DEFAULT_MINUTES = [5];

export function dispatchRoutes(app: Api, parts: Parts): void {
  const { registry, live, model } = parts;
  const tags = ["dispatch"];

  app.post(
    "/api/nearest",
    {
      config: { right: "dispatch" },
      schema: { tags, summary: "Who is there first [N1–N6]", body: NearestQuery, response: { 200: NearestAnswer } },
    },
    ({ body }) => {
      const now = parts.now();
      return nearestUnits(listUnitsNow(registry, live, now), body, model, now);
    },
  );

  app.post(
    "/api/response-area",
    {
      config: { right: "dispatch" },
      schema: {
        tags,
        summary: "What is reached within some minutes",
        body: ResponseAreaQuery,
        response: { 200: ResponseArea, 404: Problem, 409: Problem },
      },
    },
    async ({ body }) => {
      const { center, kind, direction } = start(body.from, parts);
      const rings: ResponseArea["rings"] = [];
      for (const minutes of (body.minutes ?? DEFAULT_MINUTES).toSorted((a, b) => a - b)) {
        rings.push({ minutes, geometry: await model.areaWithin(center, kind, minutes, direction) });
      }
      return { model: model.describe(), center, kind, rings };
    },
  );
}

interface AreaStart {
  readonly center: Position;
  readonly kind: UnitKind;
  readonly direction: AreaDirection;
}

/** A place asks who gets there, a unit where it gets. */
function start(from: ResponseAreaQuery["from"], parts: Parts): AreaStart {
  if ("place" in from) return { center: from.place, kind: from.kind, direction: "to-center" };
  const unit = getUnit(parts, from.unitId);
  const fix = findFixNow(unit, parts.live, parts.now());
  if (fix === undefined) {
    throw new RequestProblem(
      "NO_POSITION",
      `${unit.callsign} has no position; ask for a place instead`,
      "/from/unitId",
    );
  }
  return { center: fix.position, kind: unit.kind, direction: "from-center" };
}
