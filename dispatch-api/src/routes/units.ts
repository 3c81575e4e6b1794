import {
  CreateUnit,
  EditUnit,
  ImportedRoster,
  ImportRoster,
  Problem,
  Unit,
  UnitList,
  UnitTrack,
} from "@wufen/contract";
import { Type } from "typebox";
import { createId, createSecret, hashSecret } from "../adapters/ids.ts";
import { mayDo } from "../domain/rights.ts";
import type { UnitRecord } from "../live/registry.ts";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";
import type { Api } from "./api.ts";
import { getDevice, IdParams, LIST_LIMIT, ListQuery } from "./devices.ts";
import { getSignedIn } from "./guard.ts";
import { sendLocate } from "./locate.ts";
import { getWritten } from "./registry-problem.ts";

/** Longest look back of a track, minutes, and what is shown unless asked otherwise. */
export const TRACK_LONGEST_MINUTES = 24 * 60;
const TRACK_MINUTES = 30;
/** Most points of a track; the newest are kept. */
export const TRACK_POINTS_LIMIT = 2000;
/** A roster of 20,000 units. */
const ROSTER_BODY_BYTES = 8 * 1024 * 1024;

const TrackQuery = Type.Partial(
  Type.Object({
    minutes: Type.Number({ exclusiveMinimum: 0, maximum: TRACK_LONGEST_MINUTES, default: TRACK_MINUTES }),
    fromMs: Type.Number({ minimum: 0, description: "instead of minutes; not longer ago than minutes may be" }),
  }),
  { additionalProperties: false },
);

export function unitRoutes(app: Api, parts: Parts): void {
  const { registry, registryStore, config } = parts;
  const tags = ["units"];

  app.get(
    "/api/units",
    {
      config: { right: "view-units" },
      schema: { tags, summary: "All units", querystring: Type.Partial(ListQuery), response: { 200: UnitList } },
    },
    ({ query: { limit = LIST_LIMIT, offset = 0 } }) => {
      const page = [...registry.units.values()].slice(offset, offset + limit);
      return { units: page.map((unit) => toUnit(unit, parts)), total: registry.units.size };
    },
  );

  app.get(
    "/api/units/:id",
    {
      config: { right: "view-units" },
      schema: { tags, summary: "One unit", params: IdParams, response: { 200: Unit, 404: Problem } },
    },
    ({ params }) => toUnit(getUnit(parts, params.id), parts),
  );

  app.post(
    "/api/units",
    {
      config: { right: "edit-units" },
      schema: { tags, summary: "Register a unit", body: CreateUnit, response: { 201: Unit, 409: Problem } },
    },
    async ({ body }, reply) => {
      const { deviceId, ...unit } = body;
      const deviceNo = deviceId === undefined ? null : findBindable(parts, deviceId);
      const id = createId("u");
      const made = getWritten(await registryStore.createUnit({ ...unit, id, deviceNo }), body.callsign);
      parts.changeRegistry({ units: [made] });
      return reply.code(201).send(toUnit(made, parts));
    },
  );

  app.patch(
    "/api/units/:id",
    {
      config: { right: "set-unit-status" },
      schema: {
        tags,
        summary: "Edit a unit, or set its status",
        params: IdParams,
        body: EditUnit,
        response: { 200: Unit },
      },
    },
    async (request) => {
      const { deviceId, ...edit } = request.body;
      const { id } = getUnit(parts, request.params.id);
      const beyondStatus = Object.keys(request.body).find((key) => key !== "status");
      const { role } = getSignedIn(request);
      if (beyondStatus !== undefined && !mayDo(role, "edit-units")) {
        const message = `a ${role} may set a unit's status only; ask an administrator`;
        throw new RequestProblem("NOT_ALLOWED", message, `/${beyondStatus}`);
      }
      const deviceNo = typeof deviceId === "string" ? findBindable(parts, deviceId) : deviceId;
      const changes = deviceNo === undefined ? edit : { ...edit, deviceNo };
      const unit = getWritten(await registryStore.editUnit(id, changes), edit.callsign ?? id);
      parts.changeRegistry({ units: [unit] });
      return toUnit(unit, parts);
    },
  );

  app.post(
    "/api/roster",
    {
      bodyLimit: ROSTER_BODY_BYTES,
      config: { right: "edit-devices" },
      schema: {
        tags,
        summary: "Register many units with a new device each, all or none",
        body: ImportRoster,
        response: { 201: ImportedRoster, 409: Problem },
      },
    },
    async ({ body }, reply) => {
      const monitor = body.units.findIndex(({ deviceKind }) => deviceKind === "ankle-monitor");
      if (monitor >= 0) throw needsOrder(`/units/${monitor}/deviceKind`);
      const made = body.units.map(({ deviceKind, datum, ...unit }) => {
        const secret = createSecret();
        const device = {
          id: createId("d"),
          label: unit.callsign,
          kind: deviceKind,
          ...(datum === undefined ? {} : { datum }),
          secretHash: hashSecret(secret, config.deviceKey),
        };
        return { unit: { ...unit, id: createId("u") }, device, secret };
      });
      const rows = getWritten(await registryStore.importPairs(made), "one of them");
      parts.changeRegistry(rows);
      const units = made.map(({ unit, device, secret }) => ({
        unitId: unit.id,
        callsign: unit.callsign,
        deviceId: device.id,
        secret,
      }));
      return reply.code(201).send({ units });
    },
  );

  app.get(
    "/api/units/:id/track",
    {
      config: { right: "view-units" },
      schema: {
        tags,
        summary: "Where a unit was",
        params: IdParams,
        querystring: TrackQuery,
        response: { 200: UnitTrack },
      },
    },
    async ({ params, query }) => {
      const unit = getUnit(parts, params.id);
      const toMs = parts.now();
      const earliestMs = toMs - TRACK_LONGEST_MINUTES * 60_000;
      const askedMs = query.fromMs ?? toMs - (query.minutes ?? TRACK_MINUTES) * 60_000;
      const fromMs = Math.min(toMs, Math.max(earliestMs, askedMs));
      if (unit.deviceNo === null) return { unitId: unit.id, fromMs, toMs, truncated: false, points: [] };
      const newestFirst = await parts.history.readTrack(unit.deviceNo, fromMs, toMs, TRACK_POINTS_LIMIT + 1);
      const fixes = newestFirst.slice(0, TRACK_POINTS_LIMIT).reverse();
      return {
        unitId: unit.id,
        fromMs,
        toMs,
        truncated: newestFirst.length > TRACK_POINTS_LIMIT,
        points: fixes.map((fix) => ({
          fixedAtMs: fix.fixedAtMs,
          position: [fix.lngE7 / 1e7, fix.latE7 / 1e7] as [number, number],
          accuracyM: fix.accuracyDm === undefined ? null : fix.accuracyDm / 10,
          speedKmh: fix.speedCms === undefined ? null : fix.speedCms * 0.036,
        })),
      };
    },
  );

  app.post(
    "/api/units/:id/locate",
    {
      config: { right: "locate-device" },
      schema: {
        tags,
        summary: "Ask a unit's device for its position now",
        params: IdParams,
        response: { 204: Type.Null(), 404: Problem, 502: Problem },
      },
    },
    async (request, reply) => {
      const { deviceNo, callsign } = getUnit(parts, request.params.id);
      const device = deviceNo === null ? undefined : registry.devices.get(deviceNo);
      if (device === undefined) throw new RequestProblem("DEVICE_NOT_FOUND", `${callsign} has no device; bind one`);
      await sendLocate(parts, device, request.ip);
      return reply.code(204).send(null);
    },
  );
}

export function getUnit(parts: Parts, id: string): UnitRecord {
  const unit = parts.registry.findUnit(id);
  if (unit === undefined) {
    throw new RequestProblem("UNIT_NOT_FOUND", `there is no unit ${id}; see /api/units for those there are`);
  }
  return unit;
}

/** Number of a device that may serve a unit: an ankle monitor may not. */
function findBindable(parts: Parts, deviceId: string): number {
  const device = getDevice(parts, deviceId);
  if (device.kind === "ankle-monitor") throw needsOrder("/deviceId");
  return device.no;
}

function needsOrder(path: string): RequestProblem {
  return new RequestProblem("DEVICE_KIND_NEEDS_ORDER", "an ankle monitor serves an order, never a unit", path);
}

function toUnit(unit: UnitRecord, { registry }: Parts): Unit {
  const { id, no, callsign, kind, status, homePost, deviceNo } = unit;
  const deviceId = deviceNo === null ? null : (registry.devices.get(deviceNo)?.id ?? null);
  return { id, no, callsign, kind, status, homePost, deviceId };
}
