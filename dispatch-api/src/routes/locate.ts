import { randomUUID } from "node:crypto";
import { type DeviceCommand, FIX_FLAG, type OwnTracksCommand } from "@wufen/contract";
import type { DeviceRecord } from "../live/registry.ts";
import type { Parts } from "../parts.ts";
import { RequestProblem } from "../problem.ts";

/** Asks a device for its position through its broker, in the words it understands. */
export async function sendLocate(parts: Parts, device: DeviceRecord, clientAddress: string): Promise<void> {
  // [O1] Orders do not exist yet.
  if (device.kind === "ankle-monitor") {
    throw new RequestProblem("DEVICE_KIND_NEEDS_ORDER", `${device.id} is positioned under an order only`);
  }
  // Guard rail 7: what is not collected is not asked for.
  const unit = parts.registry.findUnitOfDevice(device.no);
  if (unit?.status === "off-duty") {
    throw new RequestProblem(
      "NO_POSITION",
      `${unit.callsign} is off duty and not positioned; wait until it is on duty`,
    );
  }
  const body = Buffer.from(JSON.stringify(toCommand(parts, device)));
  const headers = { "content-type": "application/json" };
  const answer = await parts.broker.send("POST", `/commands/${device.id}`, headers, body, clientAddress);
  if (answer.status === 404) {
    throw new RequestProblem("DEVICE_NOT_FOUND", `the broker does not know ${device.id} yet; try again in a moment`);
  }
  if (answer.status >= 300) {
    throw new RequestProblem("BROKER_UNREACHABLE", `the broker answered ${answer.status} to a command; try again`);
  }
}

function toCommand(
  { live }: Parts,
  { no, kind }: DeviceRecord,
):
  | { readonly protocol: "owntracks"; readonly command: OwnTracksCommand }
  | { readonly protocol: "binary"; readonly command: DeviceCommand } {
  // What it sent last tells what it speaks; before its first fix a handset is taken for the app.
  const flags = live.findBelieved(no)?.flags;
  const isApp = flags === undefined ? kind === "handset" : (flags & FIX_FLAG.ownTracks) !== 0;
  return isApp
    ? { protocol: "owntracks", command: { _type: "cmd", action: "reportLocation" } }
    : { protocol: "binary", command: { id: randomUUID(), action: "report-now" } };
}
