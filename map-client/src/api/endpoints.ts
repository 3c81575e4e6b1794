import type {
  CreateDevice,
  CreateUnit,
  Device,
  DeviceCredential,
  DeviceList,
  DeviceRefusals,
  EditDevice,
  EditUnit,
  MapInfo,
  NearestAnswer,
  NearestQuery,
  ResponseArea,
  ResponseAreaQuery,
  Session,
  SignIn,
  Unit,
  UnitList,
  UnitTrack,
} from "@wufen/contract";
import { request } from "./request.ts";

const at = (strings: TemplateStringsArray, ...ids: string[]) =>
  String.raw({ raw: strings }, ...ids.map(encodeURIComponent));

/** Every request the desk makes. */
export const api = {
  getSession: () => request<Session>("GET", "/api/session"),
  signIn: (body: SignIn) => request<Session>("POST", "/api/session", body),
  signOut: () => request<void>("DELETE", "/api/session"),
  getMap: () => request<MapInfo>("GET", "/api/map"),
  findNearest: (body: NearestQuery, signal?: AbortSignal) =>
    request<NearestAnswer>("POST", "/api/nearest", body, signal),
  findResponseArea: (body: ResponseAreaQuery, signal?: AbortSignal) =>
    request<ResponseArea>("POST", "/api/response-area", body, signal),
  getTrack: (unitId: string, fromMs: number, signal?: AbortSignal) =>
    request<UnitTrack>("GET", `${at`/api/units/${unitId}/track`}?fromMs=${Math.floor(fromMs)}`, undefined, signal),
  locate: (unitId: string) => request<void>("POST", at`/api/units/${unitId}/locate`),
  listUnits: () => request<UnitList>("GET", "/api/units"),
  createUnit: (body: CreateUnit) => request<Unit>("POST", "/api/units", body),
  editUnit: (id: string, body: EditUnit) => request<Unit>("PATCH", at`/api/units/${id}`, body),
  listDevices: () => request<DeviceList>("GET", "/api/devices"),
  createDevice: (body: CreateDevice) => request<DeviceCredential>("POST", "/api/devices", body),
  editDevice: (id: string, body: EditDevice) => request<Device>("PATCH", at`/api/devices/${id}`, body),
  rotateCredential: (id: string) => request<DeviceCredential>("POST", at`/api/devices/${id}/credential`),
  getRefusals: (id: string) => request<DeviceRefusals>("GET", at`/api/devices/${id}/refusals`),
};
