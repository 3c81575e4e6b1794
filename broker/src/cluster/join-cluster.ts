import type { CommandRequest } from "@wufen/contract";
import { RedisLink } from "@wufen/database";
import type { Logger } from "pino";
import type { DeviceRegistry, KnownDevice } from "../access/device-registry.ts";
import { OtherBrokers } from "./other-brokers.ts";

export interface ClusterOptions {
  readonly url: string;
  readonly prefix: string;
  readonly broker: number;
  readonly waitingBytes: number;
  readonly log: Logger;
  readonly registry: DeviceRegistry;
  deliver(device: KnownDevice, request: CommandRequest): void;
  letGo(device: KnownDevice): void;
}

export interface Cluster {
  readonly link: RedisLink;
  readonly others: OtherBrokers;
  counts(): Record<string, number | boolean>;
}

/** Connects to Redis and to the brokers on it. @throws RedisRefused */
export async function joinCluster(options: ClusterOptions): Promise<Cluster> {
  const { url, prefix, broker, waitingBytes, log, registry } = options;
  let link: RedisLink | undefined;
  const others = new OtherBrokers({
    prefix,
    registry,
    nowMs: () => performance.now(),
    publish: (channel, text) => link?.publish(channel, text) ?? false,
    deliver: (deviceId, request) => {
      const device = registry.find(deviceId);
      if (device !== undefined) options.deliver(device, request);
    },
    letGo: options.letGo,
  });
  const joined = await RedisLink.open({ url, name: `wufen-broker-${broker}`, log, waitingBytes }, [others.listener]);
  link = joined;
  return {
    link: joined,
    others,
    counts: () => ({
      up: joined.isUp,
      dropped: joined.dropped,
      takeovers: others.takeovers,
      commands: others.commands,
      broken: others.broken,
    }),
  };
}
