import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { pino } from "pino";
import { ensurePerson } from "../../src/commands/ensure-person.ts";
import { readConfig } from "../../src/config.ts";
import { type Server, startServer } from "../../src/server.ts";
import { FakeBroker } from "./fake-broker.ts";

export const PASSWORD = "a long password of the tests";
export const PROXY_KEY = "the proxy key of the tests";

/** A database of its own, a broker that is played, and a dispatch API on a free port. */
export class Dispatch {
  readonly database: TestDatabase;
  readonly sql: Sql;
  readonly broker: FakeBroker;
  readonly folder: string;
  readonly env: Record<string, string>;
  #server: Server | undefined;

  private constructor(database: TestDatabase, sql: Sql, folder: string, env: Record<string, string>) {
    this.database = database;
    this.sql = sql;
    this.folder = folder;
    this.broker = new FakeBroker(sql);
    this.env = {
      DATABASE_URL: database.url,
      WUFEN_HTTP_PORT: "0",
      WUFEN_BUS_SOCKETS: this.broker.path,
      WUFEN_PROXY_KEY: PROXY_KEY,
      WUFEN_DEVICE_KEY: "ab".repeat(32),
      WUFEN_LOG: "silent",
      WUFEN_CLIENT_DIR: folder,
      ...env,
    };
  }

  static async create(env: Record<string, string> = {}): Promise<Dispatch> {
    const database = await createTestDatabase();
    const sql = connect(database.url, { max: 2 });
    await sql`CREATE TABLE fix_test PARTITION OF fix DEFAULT`;
    const folder = mkdtempSync(join(tmpdir(), "wufen-dispatch-"));
    writeFileSync(join(folder, "index.html"), "<!doctype html><title>map</title>");
    const dispatch = new Dispatch(database, sql, folder, env);
    await dispatch.person("admin", "administrator");
    await dispatch.person("desk", "dispatcher");
    await dispatch.broker.start();
    return dispatch;
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error("the dispatch API is not started");
    return this.#server;
  }

  get base(): string {
    return `http://127.0.0.1:${this.server.httpPort}`;
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    this.#server = await startServer(readConfig({ ...this.env, ...env }), pino({ level: "silent" }));
  }

  async stopServer(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  async stop(): Promise<void> {
    await this.stopServer();
    await this.broker.stop();
    await this.sql.end({ timeout: 1 });
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async person(name: string, role: string, ...more: string[]): Promise<void> {
    async function* stdin() {
      yield PASSWORD;
    }
    await ensurePerson(["--name", name, "--role", role, ...more], this.database.url, stdin());
  }

  /** Signs in; answers a client with the cookie. */
  async signIn(name = "admin"): Promise<Client> {
    const client = new Client(this.base);
    const answer = await client.send("POST", "/api/session", { name, password: PASSWORD });
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return client;
  }
}

/** `Body` is what the caller expects; a test asserts what it looks at. */
export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** An HTTP client that keeps the cookie. */
export class Client {
  readonly base: string;
  cookie = "";

  constructor(base: string) {
    this.base = base;
  }

  async send<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const answer = await fetch(this.base + path, {
      method,
      headers: {
        ...(this.cookie === "" ? {} : { cookie: this.cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const [cookie] = answer.headers.getSetCookie();
    if (cookie !== undefined) this.cookie = cookie.split(";")[0] ?? "";
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true;
    return {
      status: answer.status,
      headers: answer.headers,
      body: (isJson && text !== "" ? JSON.parse(text) : text) as Body,
    };
  }

  get<Body = unknown>(path: string): Promise<Answer<Body>> {
    return this.send("GET", path);
  }

  post<Body = unknown>(path: string, body?: unknown): Promise<Answer<Body>> {
    return this.send("POST", path, body);
  }
}
