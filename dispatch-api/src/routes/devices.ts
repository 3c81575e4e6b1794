import {
  CreateDevice,
  Device,
  DeviceCredential,
  DeviceList,
  DeviceRefusals,
  EditDevice,
  Problem,
} from "@wufen/contract";
import { Type } from "typebox";
import { ask } from "../adapters/database.ts";
import { createId, createSecret, hashSecret } from "../adapters/ids.ts";
import type { DeviceRecord } from "../live/registry.ts";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";
import type { Api } from "./api.ts";
import { toCredential } from "./credential.ts";
import { sendLocate } from "./locate.ts";
import { getWritten } from "./registry-problem.ts";

/** Most rows of one list. */
export const LIST_LIMIT = 25_000;
export const ListQuery = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: LIST_LIMIT, default: LIST_LIMIT }),
    offset: Type.Integer({ minimum: 0, default: 0 }),
  },
  { additionalProperties: false },
);
export const IdParams = Type.Object({ id: Type.String({ maxLength: 64, pattern: "^[\\w-]+$" }) });

export function deviceRoutes(app: Api, parts: Parts): void {
  const { registry, registryStore, config } = parts;
  const tags = ["devices"];

  app.get(
    "/api/devices",
    {
      config: { right: "view-registry" },
      schema: { tags, summary: "All devices", querystring: Type.Partial(ListQuery), response: { 200: DeviceList } },
    },
    ({ query: { limit = LIST_LIMIT, offset = 0 } }) => {
      const page = [...registry.devices.values()].slice(offset, offset + limit);
      return { devices: page.map((device) => toDevice(device, parts)), total: registry.devices.size };
    },
  );

  app.get(
    "/api/devices/:id",
    {
      config: { right: "view-registry" },
      schema: { tags, summary: "One device", params: IdParams, response: { 200: Device, 404: Problem } },
    },
    ({ params }) => toDevice(getDevice(parts, params.id), parts),
  );

  app.post(
    "/api/devices",
    {
      config: { right: "edit-devices" },
      schema: {
        tags,
        summary: "Register a device; its secret is shown once",
        body: CreateDevice,
        response: { 201: DeviceCredential, 409: Problem },
      },
    },
    async ({ body }, reply) => {
      const secret = createSecret();
      const id = body.id ?? createId("d");
      const secretHash = hashSecret(secret, config.deviceKey);
      const device = getWritten(await registryStore.createDevice({ ...body, id, secretHash }), id);
      parts.changeRegistry({ devices: [device] });
      return reply.code(201).send(await toCredential(device, secret, parts));
    },
  );

  app.patch(
    "/api/devices/:id",
    {
      config: { right: "edit-devices" },
      schema: { tags, summary: "Edit a device", params: IdParams, body: EditDevice, response: { 200: Device } },
    },
    async ({ params, body }) => {
      const device = getWritten(await registryStore.editDevice(params.id, body), params.id);
      parts.changeRegistry({ devices: [device] });
      return toDevice(device, parts);
    },
  );

  app.post(
    "/api/devices/:id/credential",
    {
      config: { right: "issue-credentials" },
      schema: {
        tags,
        summary: "Give a device a new secret; the old one is void",
        params: IdParams,
        response: { 200: DeviceCredential, 404: Problem },
      },
    },
    async ({ params }) => {
      const secret = createSecret();
      const secretHash = hashSecret(secret, config.deviceKey);
      const device = getWritten(await registryStore.setSecretHash(params.id, secretHash), params.id);
      return toCredential(device, secret, parts);
    },
  );

  app.get(
    "/api/devices/:id/refusals",
    {
      config: { right: "view-registry" },
      schema: {
        tags,
        summary: "What a device was refused for [P6]",
        params: IdParams,
        response: { 200: DeviceRefusals },
      },
    },
    async ({ params }) => {
      const device = getDevice(parts, params.id);
      const [refused, [kept]] = await Promise.all([
        ask(parts.sql<DeviceRefusals["refused"]>`
          SELECT reason, count::float8 AS count, (extract(epoch from last_at) * 1000)::float8 AS "lastAtMs"
          FROM refusal WHERE device_no = ${device.no} ORDER BY reason`),
        ask(parts.sql<DeviceRefusals["kept"][]>`
          SELECT late::float8 AS late, implausible::float8 AS implausible FROM kept_unmoved
          WHERE device_no = ${device.no}`),
      ]);
      return { deviceId: device.id, refused: [...refused], kept: kept ?? { late: 0, implausible: 0 } };
    },
  );

  app.post(
    "/api/devices/:id/locate",
    {
      config: { right: "locate-device" },
      schema: {
        tags,
        summary: "Ask a device for its position now",
        params: IdParams,
        response: { 204: Type.Null(), 404: Problem, 502: Problem },
      },
    },
    async (request, reply) => {
      await sendLocate(parts, getDevice(parts, request.params.id), request.ip);
      return reply.code(204).send(null);
    },
  );
}

export function getDevice(parts: Parts, id: string): DeviceRecord {
  const device = parts.registry.findDevice(id);
  if (device === undefined) {
    throw new RequestProblem("DEVICE_NOT_FOUND", `there is no device ${id}; see /api/devices for those there are`);
  }
  return device;
}

function toDevice(device: DeviceRecord, { live, registry }: Parts): Device {
  const { devices } = live;
  const { no, id, label, kind, datum, disabled, createdAtMs } = device;
  const heardAtMs = devices.heardAtMs[no] ?? 0;
  const believed = live.findBelieved(no);
  return {
    id,
    label,
    kind,
    datum,
    disabled,
    createdAtMs,
    unitId: registry.findUnitOfDevice(no)?.id ?? null,
    online: devices.online[no] === 1,
    heardAtMs: heardAtMs === 0 ? null : heardAtMs,
    fixedAtMs: believed?.fixedAtMs ?? null,
    clockOffsetMs: heardAtMs === 0 ? null : (devices.clockOffsetMs[no] ?? 0),
    batteryPercent: believed?.batteryPercent ?? null,
  };
}
