import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { hidePassword, migrate, startEmbeddedPostgres } from "@wufen/database";
import type { Config } from "./config/settings.ts";
import type { Console } from "./console.ts";
import { type DataFolder, ensureKey, openDataFolder } from "./data/data-folder.ts";
import { lockFolder } from "./data/lock.ts";
import { RunRecord } from "./data/run-record.ts";
import { ApiClient } from "./demo/api-client.ts";
import { type DemoFleet, type DemoUnit, ensureFleet } from "./demo/fleet.ts";
import { ensureMap, readMapCenter } from "./demo/map.ts";
import {
  DEMO_ADMINISTRATOR,
  ensureDemoPeople,
  ensureFirstAdministrator,
  ensureSetupPerson,
  type SignInName,
} from "./demo/people.ts";
import { LogFile } from "./process/log-file.ts";
import { claimPorts } from "./process/ports.ts";
import type { Running } from "./process/running.ts";
import { type NodeProgram, runNode, startNode } from "./process/start-node.ts";
import { type Supervised, supervise } from "./process/supervisor.ts";
import {
  allowsDemoSignIn,
  brokerProgram,
  dispatchApiEnvironment,
  dispatchApiProgram,
  fleetProgram,
  type Plan,
  type Ports,
  reachableHost,
  usesTls,
} from "./programs.ts";
import { Refusal } from "./refusal.ts";
import { summaryLines } from "./summary.ts";
import { ensureServerCertificate, type ServerCertificate } from "./tls/authority.ts";
import { listHostNames } from "./tls/host-names.ts";

/** One start of everything, and its end. */
export class Launch {
  readonly #config: Config;
  readonly #projectDir: string;
  readonly #console: Console;
  readonly #logs = new Map<string, LogFile>();
  readonly #abort = new AbortController();
  /** In the order of their start; stopped in the opposite order. */
  readonly #supervised: Supervised[] = [];
  #record: RunRecord | undefined;
  #folder: DataFolder | undefined;

  constructor(config: Config, projectDir: string, console: Console) {
    this.#config = config;
    this.#projectDir = projectDir;
    this.#console = console;
  }

  /** Ends `run` as soon as it can; the second time, at once. */
  requestStop(): void {
    if (this.#abort.signal.aborted) process.exit(1);
    this.#abort.abort();
  }

  /** Starts everything and resolves when it was asked to stop and has. */
  async run(): Promise<void> {
    const folder = openDataFolder(this.#config.data);
    const unlock = lockFolder(folder.lockFile, folder.dir);
    this.#folder = folder;
    const stopped = new Promise<void>((resolve) => {
      this.#abort.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    try {
      await this.#startAll(folder);
      await stopped;
      this.#console.say("\nstopping …");
    } catch (error) {
      // What was interrupted by the stop that was asked for is no fault.
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      await this.#stopAll();
      unlock();
    }
  }

  async #startAll(folder: DataFolder): Promise<void> {
    const { say, step } = this.#console;
    const config = this.#config;
    this.#record = new RunRecord(folder.runFile);
    await this.#record.endLeftovers(say);
    const ports = await this.#claimPorts();
    const certificate = usesTls(config) ? await this.#certificate(folder) : undefined;

    const databaseUrl = await this.#startDatabase(folder);
    const keys = { device: ensureKey(folder, "device"), proxy: ensureKey(folder, "proxy") };
    const plan: Plan = { config, folder, databaseUrl, keys, ports, tls: certificate };

    const mapSource = config.osm === undefined ? { districtSeed: config.seed } : { osm: config.osm };
    const mapTitle = config.osm === undefined ? `map of the made-up district ${config.seed}` : `map of ${config.osm}`;
    const mapDir = await step(mapTitle, () =>
      ensureMap(mapSource, {
        projectDir: this.#projectDir,
        mapsDir: folder.mapsDir,
        log: this.#log("map"),
        signal: this.#abort.signal,
      }),
    );

    rmSync(folder.busSocket, { force: true });
    const [firstAdministrator] = await Promise.all([
      step("people", () => this.#ensurePeople(plan)),
      step("broker", () => this.#start(brokerProgram(plan))),
    ]);
    const clientDir = join(this.#projectDir, "map-client", "dist");
    await step("dispatch API and map", () => this.#start(dispatchApiProgram(plan, mapDir, clientDir)));
    const fleet = config.demo ? await this.#startFleet(plan, mapDir) : undefined;
    this.#throwIfStopped();

    const facts = { plan, firstAdministrator, handset: fleet?.handset, center: readMapCenter(mapDir) };
    for (const line of summaryLines({ ...facts, authorityFile: certificate?.authorityFile })) say(line);
  }

  async #claimPorts(): Promise<Ports> {
    const { host, httpPort, mqttPort, httpsPort, mqttsPort } = this.#config;
    const wishes = {
      http: { option: "http-port", host, port: httpPort },
      mqtt: { option: "mqtt-port", host, port: mqttPort },
      loopback: { option: "mqtt-port", host: "127.0.0.1", port: 0 },
    };
    if (!usesTls(this.#config)) return claimPorts(wishes);
    return claimPorts({
      ...wishes,
      https: { option: "https-port", host, port: httpsPort },
      mqtts: { option: "mqtts-port", host, port: mqttsPort },
    });
  }

  async #certificate(
    folder: DataFolder,
  ): Promise<Pick<ServerCertificate, "certFile" | "keyFile"> & { readonly authorityFile?: string }> {
    const { tlsCert, tlsKey } = this.#config;
    if (tlsCert !== undefined && tlsKey !== undefined) return { certFile: tlsCert, keyFile: tlsKey };
    return this.#console.step(
      "certificate",
      () => ensureServerCertificate(folder.tlsDir, listHostNames(), Date.now()),
      ({ isNew }) => (isNew ? "made" : "still good"),
    );
  }

  /** @returns its address */
  async #startDatabase(folder: DataFolder): Promise<string> {
    const { step } = this.#console;
    const given = this.#config.databaseUrl;
    const log = this.#log("postgres");
    let url = given ?? "";
    if (given === undefined) {
      await step("database", async () => {
        const start = async (): Promise<Running> => {
          const server = await startEmbeddedPostgres({ dataDir: folder.postgresDir, log }).catch((error: Error) => {
            throw new Refusal(error.message);
          });
          url = server.url;
          return server;
        };
        await this.#supervise("postgres", start, "postgres");
      });
    }
    const title = given === undefined ? "tables" : `tables of ${hidePassword(given)}`;
    await step(
      title,
      () =>
        migrate(url, log).catch((error: Error) => {
          throw new Refusal(error.message);
        }),
      (ran) => (ran.length === 0 ? "up to date" : ran.join(", ")),
    );
    return url;
  }

  async #ensurePeople(plan: Plan): Promise<SignInName | undefined> {
    const tools = this.#peopleTools(plan);
    if (!allowsDemoSignIn(this.#config)) return ensureFirstAdministrator(tools);
    await ensureDemoPeople(tools);
    return undefined;
  }

  async #startFleet(plan: Plan, mapDir: string): Promise<DemoFleet> {
    const { config, folder } = plan;
    const fleet = await this.#console.step(
      `${config.units} demo units`,
      async () => {
        const roster = await this.#readRoster(mapDir);
        const person = allowsDemoSignIn(config)
          ? DEMO_ADMINISTRATOR
          : await ensureSetupPerson(ensureKey(folder, "setup"), this.#peopleTools(plan));
        const base = `http://${reachableHost(config.host)}:${plan.ports.http}`;
        const api = await ApiClient.signIn(base, person.name, person.password);
        const registered = await ensureFleet(roster, databaseIdOf(config), folder, api);
        await api.signOut();
        await this.#start(fleetProgram(plan, mapDir, registered.playFile));
        return registered;
      },
      ({ newUnits }) => (newUnits === 0 ? "all registered before" : `${newUnits} new`),
    );
    return fleet;
  }

  async #readRoster(mapDir: string): Promise<DemoUnit[]> {
    const { seed, units } = this.#config;
    const args = ["roster", "--map", mapDir, "--seed", String(seed), "--units", String(units)];
    const program: NodeProgram = { name: "device-sim", script: "device-sim/dist/main.js", args, environment: {} };
    return JSON.parse(await runNode(program, this.#projectDir, this.#log("device-sim"), "", this.#abort.signal));
  }

  #peopleTools(plan: Plan) {
    const environment = dispatchApiEnvironment(plan);
    return { projectDir: this.#projectDir, databaseUrl: plan.databaseUrl, environment, log: this.#log("dispatch-api") };
  }

  async #start(program: NodeProgram): Promise<void> {
    const log = this.#log(program.name);
    await this.#supervise(program.name, () => startNode(program, this.#projectDir, log), program.script);
  }

  async #supervise(name: string, start: () => Promise<Running>, word: string): Promise<void> {
    this.#throwIfStopped();
    const supervised = await supervise(name, start, this.#console.say, (_, pid, startNo) => {
      if (name !== "postgres") this.#record?.add(name, pid, startNo, word);
      this.#log(name)(`--- start ${startNo}: process ${pid}, ${new Date().toISOString()}`);
    });
    this.#supervised.push(supervised);
  }

  async #stopAll(): Promise<void> {
    for (const supervised of this.#supervised.reverse()) await supervised.stop();
    if (this.#folder !== undefined) rmSync(this.#folder.busSocket, { force: true });
    this.#record?.clear();
    for (const log of this.#logs.values()) log.close();
  }

  #throwIfStopped(): void {
    this.#abort.signal.throwIfAborted();
  }

  #log(name: string): (line: string) => void {
    let file = this.#logs.get(name);
    if (file === undefined) {
      file = new LogFile(join((this.#folder as DataFolder).logsDir, `${name}.log`));
      this.#logs.set(name, file);
    }
    return file.write.bind(file);
  }
}

/** Tells databases apart without saying where they are. */
function databaseIdOf({ databaseUrl }: Config): string {
  if (databaseUrl === undefined) return "embedded";
  return createHash("sha256").update(hidePassword(databaseUrl)).digest("hex").slice(0, 12);
}
