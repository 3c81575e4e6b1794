import { commandTopic, DeviceCommand, OwnTracksCommand, ownTracksCommandTopic } from "@wufen/contract";
import type { Aedes } from "aedes";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { DeviceRegistry } from "../access/device-registry.ts";
import type { PendingCommands } from "../protocol/pending-commands.ts";
import type { HttpAnswer } from "./owntracks-http.ts";

const CommandRequest = Type.Union([
  Type.Object({ protocol: Type.Literal("owntracks"), command: OwnTracksCommand }),
  Type.Object({ protocol: Type.Literal("binary"), command: DeviceCommand }),
]);
const request = Compile(CommandRequest);

export interface CommandTools {
  readonly registry: DeviceRegistry;
  readonly aedes: Aedes;
  readonly commands: PendingCommands;
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
  const topic = body.protocol === "owntracks" ? ownTracksCommandTopic(deviceId) : commandTopic(deviceId);
  const connected = device.session?.ready === true;
  tools.aedes.publish(
    { cmd: "publish", topic, payload: Buffer.from(JSON.stringify(body.command)), qos: 1, dup: false, retain: false },
    () => undefined,
  );
  // An app in HTTP mode has no connection and asks with its next message.
  if (!connected && body.protocol === "owntracks") tools.commands.add(deviceId, body.command, Date.now());
  return { status: 202, body: { connected } };
}

function problem(status: number, code: string, message: string): HttpAnswer {
  return { status, body: { code, message } };
}
