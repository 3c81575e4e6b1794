import { randomInt } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Logger } from "pino";
import { BrokerClient } from "./adapters/broker-client.ts";
import { BusReader } from "./adapters/bus-reader.ts";
import type { BusHooks, BusSource } from "./adapters/bus-source.ts";
import { limitConnections } from "./adapters/connection-limits.ts";
import { ask, openDatabase, waitForDatabase } from "./adapters/database.ts";
import { FeedUpgrade } from "./adapters/feed-upgrade.ts";
import { FixHistory } from "./adapters/fix-history.ts";
import { HealthMonitor } from "./adapters/health-monitor.ts";
import { joinCluster } from "./adapters/join-cluster.ts";
import { LEASE_RENEW_MS, Lease } from "./adapters/lease.ts";
import { LiveStore } from "./adapters/live-store.ts";
import { MapTiles } from "./adapters/map-tiles.ts";
import { MqttPassage } from "./adapters/mqtt-passage.ts";
import { PersonStore } from "./adapters/person-store.ts";
import { refuseUpgrade } from "./adapters/refuse-upgrade.ts";
import { RegistryListener } from "./adapters/registry-listener.ts";
import { RegistryStore } from "./adapters/registry-store.ts";
import { openRoadModel } from "./adapters/road-model.ts";
import { SessionStore } from "./adapters/session-store.ts";
import { every, everyAwaited } from "./adapters/timers.ts";
import { type App, createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { SignInLimits } from "./domain/sign-in-limits.ts";
import { createStraightLineModel } from "./domain/straight-line-model.ts";
import { BusFollower } from "./live/bus-follower.ts";
import { FeedHub } from "./live/feed-hub.ts";
import { LiveState } from "./live/live-state.ts";
import { Registry } from "./live/registry.ts";
import { Metrics } from "./metrics.ts";
import type { Parts } from "./parts.ts";
import { RequestProblem } from "./problem.ts";

/** Four position frames a second at most. */
export const FEED_TICK_MS = 250;
const FOLLOW_TICK_MS = 500;
const PROBE_MS = 1000;
export const SAVE_MS = 5000;
const SESSION_CHECK_MS = 5000;
const SESSION_SWEEP_MS = 3_600_000;
/** Longest wait for the last save when the server stops. */
const LAST_SAVE_MS = 2500;

export interface Server {
  readonly httpPort: number;
  readonly httpsPort: number | undefined;
  readonly routes: App["routes"];
  stop(): Promise<void>;
}

/** Starts a dispatch API; rejects where the database or the map cannot be read. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const now = Date.now;
  const sql = openDatabase(config.databaseUrl);
  const live = new LiveState();
  const registry = new Registry();
  const registryStore = new RegistryStore(sql);
  const history = new FixHistory(sql);
  const lease = new Lease(sql, "live-state", log);
  const store = new LiveStore(sql, lease);
  const follower = new BusFollower(live, history, now);
  const metrics = new Metrics();
  let health: HealthMonitor | undefined;
  const isDatabaseUp = () => health?.databaseUp ?? true;
  const sessions = new SessionStore(sql, { now, demoAllowed: config.demoSignIn, isDatabaseUp });
  const broker = new BrokerClient(config.brokerLoopback, config.proxyKey);
  const passage = new MqttPassage(broker, config.trustedProxies);

  const busHooks: BusHooks = {
    onFrame(frame) {
      follower.receive(frame);
      const newest = frame.kind === "fixes" ? frame.fixes.at(-1) : undefined;
      if (newest !== undefined) metrics.addBusDelay(now() - newest.receivedAtMs);
    },
    onConnect() {
      // What came and went while the bus was away.
      store.readPresence().then(
        (presence) => live.restorePresence(presence),
        (error: unknown) => log.warn({ err: error }, "presence could not be read"),
      );
    },
  };
  const cluster = config.redis === undefined ? undefined : await joinCluster(config.redis, busHooks, log, now);

  await waitForDatabase(sql);
  const whole = await registryStore.readAll();
  registry.apply({ ...whole, goneDevices: [], goneUnits: [] });
  for (const unit of registry.units.values()) if (unit.deviceNo !== null) live.bind(unit.deviceNo, unit);
  const saved = await store.read();
  for (const device of saved.devices) live.restore(device);
  for (const cursor of saved.cursors) follower.cursors.set(cursor);
  live.restorePresence(saved.presence);
  await follower.catchUp();
  log.info({ devices: saved.devices.length, caughtUpRows: follower.caughtUpRows }, "live state restored");

  const hub = new FeedHub(live, registry, { epoch: randomInt(1, 2 ** 31), nowMs: now() });
  const feed = new FeedUpgrade(hub, sessions, now, config.trustedProxies);
  const tiles = config.mapDir === undefined ? undefined : await MapTiles.open(config.mapDir);
  const roads = config.mapDir === undefined ? undefined : await openRoadModel(config.mapDir);

  const changeRegistry: Parts["changeRegistry"] = (change) => {
    const before = new Map((change.units ?? []).map(({ no }) => [no, registry.units.get(no)]));
    for (const no of change.goneUnits ?? []) before.set(no, registry.units.get(no));
    const { upserted, removed } = registry.apply({ devices: [], units: [], goneDevices: [], goneUnits: [], ...change });
    for (const unit of before.values()) {
      if (unit !== undefined && unit.deviceNo !== null)
        live.bind(unit.deviceNo, registry.findUnitOfDevice(unit.deviceNo));
    }
    for (const unit of upserted) if (unit.deviceNo !== null) live.bind(unit.deviceNo, unit);
    hub.changeUnits(upserted, removed, now());
  };
  const listener = new RegistryListener(sql, registryStore, registry, changeRegistry, log);

  const readers: BusSource[] = config.busSockets.map((path) => new BusReader(path, busHooks, log));
  if (cluster !== undefined) readers.push(cluster.bus);

  const monitor = new HealthMonitor(sql, follower, hub, readers, log);
  health = monitor;

  const parts: Parts = {
    config,
    log,
    now,
    sql,
    live,
    registry,
    registryStore,
    hub,
    sessions,
    persons: new PersonStore(sql),
    history,
    broker,
    tiles,
    model: roads ?? createStraightLineModel(),
    metrics,
    changeRegistry,
    endSession: (sessionId) => feed.endSession(sessionId),
    signInLimits: cluster?.signInLimits ?? new SignInLimits(),
    redis: cluster?.link,
    requestLimit: cluster?.requestLimit,
    isHealthy: () => ({ database: monitor.databaseUp, brokers: monitor.areBrokersHeard() }),
  };
  const { api, routes } = await createApp(parts, () => ({
    catchUps: follower.catchUps,
    caughtUpRows: follower.caughtUpRows,
    busBytes: readers.reduce((bytes, reader) => bytes + reader.receivedBytes, 0),
    mqttPassages: passage.open,
  }));

  const onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    // Not through URL, which throws at some addresses a client can send.
    const [path] = (request.url ?? "").split("?");
    if (path === "/api/feed") void feed.accept(request, socket, head);
    else if (path === "/mqtt") passage.accept(request, socket, head);
    else refuseUpgrade(socket, new RequestProblem("NOT_FOUND", "WebSockets are /api/feed and /mqtt"));
  };
  api.server.on("upgrade", onUpgrade);
  limitConnections(api.server, config.trustedProxies);

  hub.tick(now());
  await lease.renew();
  await listener.start();
  for (const reader of readers) reader.start();
  await api.listen({ host: config.host, port: config.port });
  const https = config.https === undefined ? undefined : await listenTls(config, config.https, api, onUpgrade);

  const timers = [
    every(FEED_TICK_MS, () => hub.tick(now())),
    everyAwaited(FOLLOW_TICK_MS, () => follower.tick(), log),
    everyAwaited(PROBE_MS, () => monitor.probe(), log),
    everyAwaited(LEASE_RENEW_MS, () => lease.renew(), log),
    everyAwaited(SAVE_MS, () => store.save(live, follower.cursors), log),
    everyAwaited(SESSION_CHECK_MS, () => feed.checkSessions(), log),
    everyAwaited(SESSION_SWEEP_MS, () => sessions.removeExpired(), log),
  ];

  return {
    httpPort: portOf(api.server.address()),
    httpsPort: https === undefined ? undefined : portOf(https.address()),
    routes,
    async stop() {
      for (const stopTimer of timers) stopTimer();
      for (const reader of readers) reader.stop();
      hub.close();
      passage.close();
      https?.close();
      https?.closeAllConnections();
      await api.close();
      await ask(store.save(live, follower.cursors), LAST_SAVE_MS).catch((error: unknown) =>
        log.warn({ err: error }, "the last positions were not saved; they are read from the history at the next start"),
      );
      await lease.release().catch(() => undefined);
      cluster?.link.stop();
      await listener.stop().catch(() => undefined);
      broker.close();
      await tiles?.close();
      await roads?.close();
      metrics.stop();
      await sql.end({ timeout: 1 });
    },
  };
}

function listenTls(
  { host, trustedProxies }: Config,
  { port, cert, key }: NonNullable<Config["https"]>,
  api: App["api"],
  onUpgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void,
): Promise<HttpsServer> {
  const server = createServer({ cert, key }, (request, response) => api.routing(request, response));
  server.on("upgrade", onUpgrade);
  limitConnections(server, trustedProxies);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

function portOf(address: string | AddressInfo | null): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
