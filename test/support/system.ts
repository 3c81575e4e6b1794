import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImportedRoster, ImportRoster } from "@wufen/contract";
import { Api } from "./api.ts";
import { runNode, type Started, startNode } from "./process.ts";

/** A device's line in the simulator's credentials file. */
export interface Credential {
  readonly deviceId: string;
  readonly secret: string;
  readonly kind: string;
  readonly callsign: string;
  readonly protocol: "binary" | "owntracks";
  readonly datum: "wgs84" | "gcj02";
}

/** Password of the administrator `root` of every test system. */
export const PASSWORD = "a long first password of the tests";

/** Broker and dispatch API as processes of their own on one database, as on one machine; each can be ended and started again. */
export class System {
  readonly folder: string;
  readonly databaseUrl: string;
  broker!: Started;
  dispatch!: Started;
  api!: Api;
  readonly #keys = { device: randomBytes(32).toString("hex"), proxy: randomBytes(32).toString("hex") };
  readonly #env: Readonly<Record<string, string>>;
  #ports = { mqtt: "0", loopback: "0", http: "0" };

  private constructor(folder: string, databaseUrl: string, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.databaseUrl = databaseUrl;
    this.#env = env;
  }

  /** `folder` is short (a unix socket lies in it); `databaseUrl` is migrated; `env` goes to both processes. */
  static async start(folder: string, databaseUrl: string, env: Readonly<Record<string, string>> = {}): Promise<System> {
    const system = new System(folder, databaseUrl, env);
    await runNode(
      "dispatch-api/dist/main.js",
      ["ensure-person", "--name", "root", "--role", "administrator"],
      system.#environment(),
      PASSWORD,
    );
    await system.startBroker();
    await system.startDispatch();
    system.api = await Api.signIn(system.base, "root", PASSWORD);
    return system;
  }

  get base(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.#ports.mqtt}`;
  }

  get loopbackUrl(): string {
    return `http://127.0.0.1:${this.#ports.loopback}`;
  }

  async startBroker(): Promise<void> {
    this.broker = await startNode("broker", "broker/dist/main.js", {
      nodeOptions: ["--max-semi-space-size=64"],
      env: this.#environment(),
    });
    // The same ports at the next start, so that devices find it again.
    this.#ports = {
      ...this.#ports,
      mqtt: String(this.broker.ready.mqttPort),
      loopback: String(this.broker.ready.loopbackPort),
    };
  }

  async startDispatch(): Promise<void> {
    this.dispatch = await startNode("dispatch-api", "dispatch-api/dist/main.js", { env: this.#environment() });
    this.#ports = { ...this.#ports, http: String(this.dispatch.ready.httpPort) };
  }

  /** Registers the roster and writes the simulator's credentials file; answers its path and the devices. */
  async register(
    units: ImportRoster["units"],
    protocol: (i: number) => Credential["protocol"] = () => "binary",
  ): Promise<{ file: string; devices: Credential[] }> {
    const { units: made } = await this.api.post<ImportedRoster>("/api/roster", { units });
    const devices = made.map(({ deviceId, secret, callsign }, i) => ({
      deviceId,
      secret,
      callsign,
      kind: units[i]?.kind ?? "car",
      protocol: protocol(i),
      datum: units[i]?.datum ?? "wgs84",
    }));
    const file = join(this.folder, "credentials.json");
    await writeFile(file, JSON.stringify(devices), { mode: 0o600 });
    return { file, devices };
  }

  async stop(): Promise<void> {
    await this.dispatch?.stop();
    await this.broker?.stop();
  }

  #environment(): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      WUFEN_LOG: "info",
      WUFEN_DEVICE_KEY: this.#keys.device,
      WUFEN_PROXY_KEY: this.#keys.proxy,
      WUFEN_MQTT_PORT: this.#ports.mqtt,
      WUFEN_LOOPBACK_PORT: this.#ports.loopback,
      WUFEN_BUS_SOCKET: join(this.folder, "bus-1.sock"),
      WUFEN_BUS_SOCKETS: join(this.folder, "bus-1.sock"),
      WUFEN_HTTP_PORT: this.#ports.http,
      WUFEN_BROKER_LOOPBACK: this.loopbackUrl,
      ...this.#env,
    };
  }
}
