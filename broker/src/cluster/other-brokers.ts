import { randomUUID } from "node:crypto";
import { ClusterMessage, type CommandRequest, commandChannel } from "@wufen/contract";
import type { RedisListener } from "@wufen/database";
import { Compile } from "typebox/compile";
import type { DeviceConnection, DeviceRegistry, KnownDevice } from "../access/device-registry.ts";

/** An announcement that did not come back for so long went unheard, and the connection counts as old. */
const ECHO_WAIT_MS = 3000;

const message = Compile(ClusterMessage);

export interface OtherBrokersTools {
  readonly prefix: string;
  readonly registry: DeviceRegistry;
  nowMs(): number;
  publish(channel: string, text: string): boolean;
  /** Sends a command to a device that is, or may be, connected here. */
  deliver(deviceId: string, request: CommandRequest): void;
  /** Ends the connection and the session of a device that is connected elsewhere now. */
  letGo(device: KnownDevice): void;
}

interface Announced {
  readonly connection: number;
  atMs: number;
  echoed: boolean;
}

/**
 * What brokers on one Redis tell one another: commands, and which device has connected. Redis gives every broker the messages in
 * one order, so of two connections of a device the one announced later stays, whatever the machines' clocks say.
 */
export class OtherBrokers {
  readonly #tools: OtherBrokersTools;
  readonly #channel: string;
  readonly #self = randomUUID();
  readonly #announced = new WeakMap<DeviceConnection, Announced>();
  #connections = 0;
  #begun = false;
  takeovers = 0;
  commands = 0;
  broken = 0;

  constructor(tools: OtherBrokersTools) {
    this.#tools = tools;
    this.#channel = commandChannel(tools.prefix);
  }

  get listener(): RedisListener {
    return {
      channel: this.#channel,
      isPattern: false,
      onMessage: (bytes) => this.#receive(bytes),
      onListening: () => this.#announceAgain(),
    };
  }

  /** Takes what others say from now on: the broker is built. */
  begin(): void {
    this.#begun = true;
  }

  /** A device has connected here. */
  connected(device: KnownDevice): void {
    const { session } = device;
    if (session === undefined) return;
    const announced = { connection: ++this.#connections, atMs: this.#tools.nowMs(), echoed: false };
    this.#announced.set(session, announced);
    this.#announce(device, announced);
  }

  /** Passes a command to whichever broker has the device; false: Redis is away. */
  command(deviceId: string, request: CommandRequest): boolean {
    return this.#say({ kind: "command", from: this.#self, deviceId, request });
  }

  #announce(device: KnownDevice, { connection }: Announced): void {
    this.#say({ kind: "takeover", from: this.#self, deviceId: device.record.id, connection });
  }

  /** Redis was away: what was announced meanwhile nobody heard. */
  #announceAgain(): void {
    for (const device of this.#tools.registry.list()) {
      const announced = device.session === undefined ? undefined : this.#announced.get(device.session);
      if (announced === undefined || announced.echoed) continue;
      announced.atMs = this.#tools.nowMs();
      this.#announce(device, announced);
    }
  }

  #say(said: ClusterMessage): boolean {
    return this.#tools.publish(this.#channel, JSON.stringify(said));
  }

  #receive(bytes: Buffer): void {
    if (!this.#begun) return;
    const said = read(bytes);
    if (said === undefined) {
      this.broken++;
      return;
    }
    const device = this.#tools.registry.find(said.deviceId);
    if (device === undefined) return;
    switch (said.kind) {
      case "command":
        if (said.from === this.#self) return;
        this.commands++;
        this.#tools.deliver(said.deviceId, said.request);
        return;
      case "takeover": {
        const ours = device.session === undefined ? undefined : this.#announced.get(device.session);
        if (said.from === this.#self) {
          if (ours?.connection === said.connection) ours.echoed = true;
          return;
        }
        // Not back yet: ours was announced after theirs.
        if (ours !== undefined && !ours.echoed && this.#tools.nowMs() - ours.atMs < ECHO_WAIT_MS) return;
        if (device.session !== undefined) this.takeovers++;
        this.#tools.letGo(device);
        return;
      }
    }
  }
}

function read(bytes: Buffer): ClusterMessage | undefined {
  try {
    const said: unknown = JSON.parse(bytes.toString("utf8"));
    return message.Check(said) ? said : undefined;
  } catch {
    return undefined;
  }
}
