import { CommandRequest, commandTopic, ownTracksCommandTopic } from "@wufen/contract";
import type { Aedes } from "aedes";
import { Compile } from "typebox/compile";
import type { DeviceRegistry, KnownDevice } from "../access/device-registry.ts";
import type { PendingCommands } from "../protocol/pending-commands.ts";
import type { HttpAnswer } from "./owntracks-http.ts";

const request = Compile(CommandRequest);

export interface CommandTools {
  readonly registry: DeviceRegistry;
  readonly aedes: Aedes;
  readonly commands: PendingCommands;
  /** Tells the other brokers: false where Redis is away, undefined where there are none. */
  passOn(deviceId: string, request: CommandRequest): boolean | undefined;
}

/** `POST /commands/<device id>` of our own API: the command goes out as an ordinary QoS 1 publish to the device's command topic. */
export function sendCommand(tools: CommandTools, deviceId: string, body: unknown): HttpAnswer {
  const device = tools.registry.find(deviceId);
  if (device === undefined)
    return problem(404, "DEVICE_NOT_FOUND", `no device ${JSON.stringify(deviceId)}: see the list of devices`);
  if (!request.Check(body)) {
    return problem(
      400,
      "BODY_INVALID",
      'give {"protocol":"owntracks"|"binary","command":{…}} with a command of the contract',
    );
  }
  const connected = device.session?.ready === true;
  const passedOn = tools.passOn(deviceId, body);
  if (passedOn === false && !connected) {
    return problem(
      503,
      "CLUSTER_AWAY",
      "the device is not connected to this broker, and Redis, the way to the others, is away: try again",
    );
  }
  deliverCommand(tools, device, body);
  return { status: 202, body: { connected } };
}

/** Publishes a command to a device's command topic. */
export function deliverCommand(tools: CommandTools, device: KnownDevice, { protocol, command }: CommandRequest): void {
  const { id } = device.record;
  const topic = protocol === "owntracks" ? ownTracksCommandTopic(id) : commandTopic(id);
  tools.aedes.publish(
    { cmd: "publish", topic, payload: Buffer.from(JSON.stringify(command)), qos: 1, dup: false, retain: false },
    () => undefined,
  );
  // An app in HTTP mode has no connection and asks with its next message.
  if (device.session?.ready !== true && protocol === "owntracks") tools.commands.add(id, command, Date.now());
}

function problem(status: number, code: string, message: string): HttpAnswer {
  return { status, body: { code, message } };
}
