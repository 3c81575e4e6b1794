import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { TestRedis } from "@wufen/database";
import { Api } from "./api.ts";
import { Balancer } from "./balancer.ts";
import { runNode, type Started, startNode } from "./process.ts";
import { PASSWORD } from "./system.ts";

/** One of several brokers or dispatch APIs: the same number and the same ports at each start. */
export class Member {
  readonly #name: string;
  readonly #script: string;
  readonly #env: () => Readonly<Record<string, string>>;
  readonly #ports: Record<string, string>;
  process!: Started;

  /** `ports` names the setting of each port and the field of the ready line that says which it is. */
  constructor(
    name: string,
    script: string,
    ports: Readonly<Record<string, string>>,
    env: () => Readonly<Record<string, string>>,
  ) {
    this.#name = name;
    this.#script = script;
    this.#env = env;
    this.#ports = Object.fromEntries(Object.keys(ports).map((setting) => [setting, "0"]));
    this.#fields = ports;
  }
  readonly #fields: Readonly<Record<string, string>>;

  async start(): Promise<void> {
    this.process = await startNode(this.#name, this.#script, { env: { ...this.#env(), ...this.#ports } });
    for (const [setting, field] of Object.entries(this.#fields)) {
      this.#ports[setting] = String(this.process.ready[field]);
    }
  }

  port(setting: string): number {
    return Number(this.#ports[setting]);
  }
}

/** Two brokers behind a balancer and two dispatch APIs, each asking another broker, on one Redis and one database. */
export class Cluster {
  readonly redis: TestRedis;
  readonly brokers: readonly Member[];
  readonly dispatches: readonly Member[];
  balancer!: Balancer;

  private constructor(redis: TestRedis, env: Readonly<Record<string, string>>) {
    this.redis = redis;
    this.brokers = [1, 2].map(
      (no) =>
        new Member(
          `broker ${no}`,
          "broker/dist/main.js",
          { WUFEN_MQTT_PORT: "mqttPort", WUFEN_LOOPBACK_PORT: "loopbackPort" },
          () => ({ ...env, WUFEN_BROKER_NO: String(no) }),
        ),
    );
    this.dispatches = this.brokers.map(
      (broker, i) =>
        new Member(`dispatch-api ${i + 1}`, "dispatch-api/dist/main.js", { WUFEN_HTTP_PORT: "httpPort" }, () => ({
          ...env,
          WUFEN_BROKER_LOOPBACK: `http://127.0.0.1:${broker.port("WUFEN_LOOPBACK_PORT")}`,
        })),
    );
  }

  /** `databaseUrl` is migrated. */
  static async start(databaseUrl: string): Promise<Cluster> {
    const redis = await TestRedis.start(["--requirepass", "a password of the test"]);
    const env = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url.replace("//", "//:a%20password%20of%20the%20test@"),
      WUFEN_REDIS_PREFIX: "test",
      WUFEN_LOG: "info",
      WUFEN_DEVICE_KEY: randomBytes(32).toString("hex"),
      WUFEN_PROXY_KEY: randomBytes(32).toString("hex"),
    };
    const person = ["ensure-person", "--name", "root", "--role", "administrator"];
    await runNode(join("dispatch-api", "dist/main.js"), person, env, PASSWORD);
    const cluster = new Cluster(redis, env);
    for (const member of [...cluster.brokers, ...cluster.dispatches]) await member.start();
    cluster.balancer = await Balancer.start(cluster.brokers.map((broker) => broker.port("WUFEN_MQTT_PORT")));
    return cluster;
  }

  base(i: number): string {
    return `http://127.0.0.1:${(this.dispatches[i] as Member).port("WUFEN_HTTP_PORT")}`;
  }

  signIn(i: number): Promise<Api> {
    return Api.signIn(this.base(i), "root", PASSWORD);
  }

  async stop(): Promise<void> {
    await this.balancer?.stop();
    for (const member of [...this.dispatches, ...this.brokers]) await member.process?.stop();
    await this.redis.kill();
  }
}
