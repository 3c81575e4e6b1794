import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { isOwnSubscription, type RefusalReason } from "@wufen/contract";
import { connect } from "@wufen/database";
import type { Logger } from "pino";
import { DeviceRegistry } from "./access/device-registry.ts";
import { Refusals } from "./access/refusals.ts";
import { RegistryFeed } from "./access/registry-feed.ts";
import { RegistryListener } from "./access/registry-listener.ts";
import { TokenBucket } from "./access/token-bucket.ts";
import type { Bus, BusRepeats } from "./bus/bus.ts";
import { createBus } from "./bus/create-bus.ts";
import { joinCluster } from "./cluster/join-cluster.ts";
import type { BrokerConfig } from "./config.ts";
import { FixWriter } from "./durable/fix-writer.ts";
import { Partitions } from "./durable/partitions.ts";
import { WriterSession } from "./durable/writer-session.ts";
import { Ingest } from "./ingest/ingest.ts";
import { type CommandTools, deliverCommand, sendCommand } from "./listeners/commands-http.ts";
import { type LoopbackTools, listenLoopback } from "./listeners/loopback.ts";
import { listenTcp, listenTls } from "./listeners/mqtt-listener.ts";
import { takeOwnTracksPost } from "./listeners/owntracks-http.ts";
import { Metrics } from "./metrics.ts";
import { Presence } from "./presence/presence.ts";
import { CommandPersistence } from "./protocol/command-persistence.ts";
import { createMqtt } from "./protocol/mqtt.ts";
import { PendingCommands } from "./protocol/pending-commands.ts";
import { Sessions } from "./protocol/sessions.ts";

const DAY_MS = 86_400_000;
const UPKEEP_MS = 3_600_000;
const LOOP_WINDOW_MS = 1000;
const STOP_GRACE_MS = 3000;
const DATABASE_WAIT_MS = 30_000;
const DATABASE_RETRY_MS = 250;
const CERTIFICATE_POLL_MS = 2000;

export interface Broker {
  readonly mqttPort: number;
  readonly mqttsPort: number | undefined;
  readonly loopbackPort: number;
  /** The epoch of the connection that writes now. */
  epoch(): number;
  /** Reads the certificate files again. */
  reloadCertificate(): Promise<void>;
  /** Takes no more connections, commits what waits, acknowledges it, closes. */
  stop(): Promise<void>;
}

/** Starts a broker; rejects where the database or a port cannot be had. `onFatal` hears of what ends it later. */
export async function startBroker(config: BrokerConfig, log: Logger, onFatal: (error: Error) => void): Promise<Broker> {
  const { limits } = config;
  const sql = connect(config.databaseUrl, { max: 3, applicationName: `wufen broker ${config.brokerNo}` });
  const metrics = new Metrics();
  const refusals = new Refusals(sql, limits, log);
  const refuse = (deviceNo: number, reason: RefusalReason, nowMs: number) => refusals.add(deviceNo, reason, nowMs);
  const partitions = new Partitions(sql);
  const registry = new DeviceRegistry(
    Buffer.from(config.deviceKey, "hex"),
    () => new TokenBucket(limits.publishesPerSecond, limits.publishBurst, Date.now()),
  );
  const retentionMs = config.retentionDays * DAY_MS;
  const feed = new RegistryFeed(sql, registry, log);
  const listener = new RegistryListener({
    url: config.databaseUrl,
    broker: config.brokerNo,
    log,
    onListening: () => feed.reload(),
    onChanged: (payload) => feed.changed(payload),
  });
  // First, so that a Redis that cannot be used ends nothing that another process does.
  const cluster =
    config.redisUrl === undefined
      ? undefined
      : await joinCluster({
          url: config.redisUrl,
          prefix: config.redisPrefix,
          broker: config.brokerNo,
          waitingBytes: limits.busBufferBytes,
          log,
          registry,
          deliver: (device, request) => deliverCommand(commandTools, device, request),
          letGo: (device) => {
            const { session } = device;
            device.session = undefined;
            presence.forget(device.record.no);
            session?.drop();
            void persistence.cleanSubscriptions(device.record);
          },
        });
  await whenDatabaseAnswers(() => partitions.makeAhead(Date.now()), log);
  // Listens first and loads then, so that no change falls between.
  await listener.start();
  await feed.load();

  let bus: Bus | undefined;
  const presence = new Presence({
    sql,
    broker: config.brokerNo,
    log,
    epoch: () => writer.lastCommitted.epoch,
    publish: (changes) =>
      bus?.send({ kind: "presence", broker: config.brokerNo, epoch: writer.lastCommitted.epoch, changes }),
  });
  const writer: FixWriter = new FixWriter({
    limits,
    log,
    nowMs: Date.now,
    openSession: (lastEpoch, onEnd) => WriterSession.open(config.databaseUrl, config.brokerNo, lastEpoch, onEnd),
    makePartitions: (fixes) => partitions.makeFor(fixes.map(({ fixedAtMs }) => fixedAtMs)),
    onEpoch: () => {
      bus?.send({ kind: "heartbeat", broker: config.brokerNo, ...writer.lastCommitted });
    },
    onStored: (session, firstN, fixes) => {
      metrics.stored += fixes.length;
      bus?.send({ kind: "fixes", broker: config.brokerNo, epoch: session.epoch, firstN, fixes });
    },
    onDuplicate: ({ device }) => {
      metrics.duplicates++;
      refuse(device.record.no, "duplicate", Date.now());
    },
    onDropped: ({ device }) => {
      metrics.dropped++;
      refuse(device.record.no, "database-down", Date.now());
    },
    onPoison: (fix, error) => {
      log.error({ err: error, deviceNo: fix.deviceNo }, "the database does not take this fix");
      refuse(fix.deviceNo, "impossible", Date.now());
    },
    onCommit: (rows, tookMs) => {
      metrics.batchRows.add(rows);
      metrics.commitMs.add(tookMs);
    },
    onRoom: () => sessions.releaseFull(),
    onFatal,
  });
  const repeats: BusRepeats = {
    heartbeat: () => ({ kind: "heartbeat", broker: config.brokerNo, ...writer.lastCommitted }),
    presence: () => ({
      kind: "presence",
      broker: config.brokerNo,
      epoch: writer.lastCommitted.epoch,
      changes: presence.list(),
    }),
  };
  const persistence = new CommandPersistence({
    queue: limits.commandQueue,
    ageMs: limits.commandAgeMs,
    nowMs: Date.now,
    mayHold: (clientId, filter) => isOwnSubscription(filter, clientId),
  });
  const ingest = new Ingest({
    gate: { futureSkewMs: limits.futureSkewMs, retentionMs },
    writer,
    presence,
    metrics,
    refuse,
  });
  const sessions: Sessions = new Sessions({
    limits,
    writer,
    presence,
    metrics,
    refuse,
    handle: (conn) => void aedes.handle(conn),
  });
  const aedes = createMqtt({
    limits,
    registry,
    ingest,
    writer,
    presence,
    metrics,
    persistence,
    sessionOf: (conn) => sessions.of(conn),
    refuse,
    onConnected: (device) => cluster?.others.connected(device),
  });
  const commands = new PendingCommands(limits.commandQueue, limits.commandAgeMs);
  const commandTools: CommandTools = {
    registry,
    aedes,
    commands,
    passOn: (deviceId, request) => cluster?.others.command(deviceId, request),
  };
  await aedes.listen();
  await writer.ready();
  await presence.clearEarlier(writer.lastCommitted.epoch, Date.now());
  cluster?.others.begin();
  bus = createBus(config, log, cluster?.link, repeats);
  await bus?.listen();

  const readCertificate = async () => ({
    cert: await readFile(config.tlsCert ?? ""),
    key: await readFile(config.tlsKey ?? ""),
  });
  const proxy =
    config.proxyProtocol === "yes"
      ? { timeoutMs: limits.connectTimeoutMs, onRefused: (reason: RefusalReason) => refuse(0, reason, Date.now()) }
      : undefined;
  const tcp = await claim("WUFEN_MQTT_PORT", listenTcp(config.mqttHost, config.mqttPort, sessions, proxy));
  const tls =
    config.mqttsPort === undefined
      ? undefined
      : await claim(
          "WUFEN_MQTTS_PORT",
          listenTls(config.mqttHost, config.mqttsPort, await readCertificate(), sessions, proxy),
        );
  const reloadCertificate = async () => {
    try {
      tls?.setCertificate(await readCertificate());
    } catch (error) {
      log.error({ err: error }, "certificate not read; the one before stays in use");
    }
  };
  const loopbackTools: LoopbackTools = {
    sessions,
    proxyKey: config.proxyKey,
    bodyBytes: limits.packetBytes,
    isHealthy: () => writer.isUp,
    metrics: () => ({
      ...metrics.toJSON(),
      refusals: refusals.totals(),
      waiting: writer.waiting,
      busReaders: bus?.readers ?? 0,
      ...(cluster === undefined ? {} : { redis: cluster.counts() }),
    }),
    isRedisUp: () => cluster?.link.isUp,
    takeOwnTracksPost: (request, body) =>
      takeOwnTracksPost(
        { registry, ingest, writer, commands, waitingPerDevice: limits.waitingPerDevice, refuse },
        request,
        body,
      ),
    sendCommand: (deviceId, body) => sendCommand(commandTools, deviceId, body),
    onOversized: () => refuse(0, "oversized", Date.now()),
  };
  const loopback = await claim(
    "WUFEN_LOOPBACK_PORT",
    listenLoopback(config.loopbackHost, config.loopbackPort, loopbackTools),
  );

  const certificate =
    tls === undefined ? undefined : watchFiles([config.tlsCert ?? "", config.tlsKey ?? ""], reloadCertificate);
  const upkeep = setInterval(() => {
    const nowMs = Date.now();
    Promise.all([partitions.makeAhead(nowMs), partitions.dropExpired(nowMs, retentionMs)]).catch((error: unknown) =>
      log.warn({ err: error }, "partitions: trying again in an hour"),
    );
  }, UPKEEP_MS);
  const window = setInterval(() => metrics.nextWindow(), LOOP_WINDOW_MS);

  return {
    mqttPort: tcp.port,
    mqttsPort: tls?.port,
    loopbackPort: loopback.port,
    epoch: () => writer.lastCommitted.epoch,
    reloadCertificate,
    stop: async () => {
      certificate?.();
      clearInterval(upkeep);
      clearInterval(window);
      for (const listener of [tcp, tls, loopback]) listener?.stopAccepting();
      await writer.stop(STOP_GRACE_MS);
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await sessions.dropAll();
      await loopback.close();
      await presence.stop();
      await refusals.stop();
      await listener.stop();
      await feed.stop();
      await bus?.close();
      cluster?.link.stop();
      metrics.stop();
      await sql.end({ timeout: 1 });
    },
  };
}

/** Names the setting whose port is taken, and the remedy. */
async function claim<T>(variable: string, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    const { code, address, port } = error as { code?: string; address?: string; port?: number };
    if (code !== "EADDRINUSE") throw error;
    throw new Error(`${variable}=${port} is in use on ${address}: stop the other program or give another port`, {
      cause: error,
    });
  }
}

/** A database that is still starting or recovering gets some time. */
async function whenDatabaseAnswers(ask: () => Promise<void>, log: Logger): Promise<void> {
  const untilMs = Date.now() + DATABASE_WAIT_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (Date.now() >= untilMs || !isAway(error)) throw error;
      log.info({ err: error }, "waiting for the database");
      await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS));
    }
  }
}

/** No answer, or SQLSTATE classes 57 (starting, stopping) and 08 (connection). */
function isAway(error: unknown): boolean {
  const code = String((error as { code?: unknown }).code);
  return /^(57|08)|^(ECONN|ENOENT|ETIMEDOUT|EPIPE|CONNECT)/.test(code);
}

/** Calls back when one of the files is written anew. @returns stops watching */
function watchFiles(paths: readonly string[], onChange: () => void): () => void {
  for (const path of paths) watchFile(path, { interval: CERTIFICATE_POLL_MS, persistent: false }, onChange);
  return () => {
    for (const path of paths) unwatchFile(path, onChange);
  };
}
