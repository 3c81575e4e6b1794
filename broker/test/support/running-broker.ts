import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RefusalReason } from "@wufen/contract";
import { connect, createTestDatabase, type Sql, type TestDatabase } from "@wufen/database";
import { pino } from "pino";
import { type Broker, readConfig, startBroker } from "../../src/index.ts";

export const PROXY_KEY = "a key only the api has";
const DEVICE_KEY = "0123456789abcdef".repeat(4);

export interface TestDevice {
  readonly no: number;
  readonly id: string;
  readonly secret: string;
}

export interface DeviceOptions {
  readonly kind?: string;
  readonly datum?: string;
  readonly disabled?: boolean;
}

export interface RunningBroker {
  readonly broker: Broker;
  readonly sql: Sql;
  readonly database: TestDatabase;
  readonly busSocket: string;
  readonly loopback: string;
  /** Faults that would have ended the process. */
  readonly fatal: Error[];
  addDevice(id: string, options?: DeviceOptions): Promise<TestDevice>;
  /** Waits until so many refusals of a device (0: of unknown senders) are written down [P6]. */
  refused(deviceNo: number, reason: RefusalReason, count?: number): Promise<void>;
  metrics(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Starts a real broker in this process on a database of its own. `env` adds to the configuration. */
export async function runBroker(
  env: Record<string, string> = {},
  given?: { readonly database: TestDatabase; readonly databaseUrl?: string },
): Promise<RunningBroker> {
  const database = given?.database ?? (await createTestDatabase());
  const folder = mkdtempSync(join(tmpdir(), "wufen-broker-"));
  const busSocket = join(folder, "bus.sock");
  const read = readConfig({
    DATABASE_URL: given?.databaseUrl ?? database.url,
    WUFEN_DEVICE_KEY: DEVICE_KEY,
    WUFEN_PROXY_KEY: PROXY_KEY,
    WUFEN_MQTT_PORT: "0",
    WUFEN_LOOPBACK_PORT: "0",
    WUFEN_BUS_SOCKET: busSocket,
    WUFEN_LIMIT_REFUSAL_FLUSH_MS: "20",
    ...env,
  });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  const fatal: Error[] = [];
  const broker = await startBroker(read.config, pino({ level: "silent" }), (error) => fatal.push(error));
  const sql = connect(database.url, { max: 2 });
  const loopback = `http://127.0.0.1:${broker.loopbackPort}`;
  return {
    broker,
    sql,
    database,
    busSocket,
    loopback,
    fatal,
    addDevice: async (id, options = {}) => {
      const secret = randomBytes(12).toString("base64url");
      const hash = createHmac("sha256", Buffer.from(DEVICE_KEY, "hex")).update(secret).digest();
      const [row] = await sql<{ no: number }[]>`
        INSERT INTO device (id, label, kind, datum, secret_hash, disabled)
        VALUES (${id}, ${id}, ${options.kind ?? "handset"}, ${options.datum ?? "wgs84"}, ${hash}, ${options.disabled ?? false})
        RETURNING no`;
      const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
      // An empty message stores nothing; until the broker has read of the device it knows no such user.
      await eventually(async () => {
        const { status } = await fetch(`${loopback}/pub`, { method: "POST", headers: { authorization } });
        return status === 401 ? undefined : status;
      });
      return { no: row!.no, id, secret };
    },
    refused: async (deviceNo, reason, count = 1) => {
      await eventually(async () => {
        const [row] = await sql<{ count: string }[]>`
          SELECT count FROM refusal WHERE device_no = ${deviceNo} AND reason = ${reason}`;
        return Number(row?.count ?? 0) >= count ? true : undefined;
      });
    },
    metrics: async () => {
      const response = await fetch(`${loopback}/metrics-json`, { headers: { "x-wufen-proxy-key": PROXY_KEY } });
      return (await response.json()) as Record<string, unknown>;
    },
    stop: async () => {
      await broker.stop();
      await sql.end({ timeout: 1 });
      if (given === undefined) await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer is not undefined; for states of other processes that nobody announces. */
export async function eventually<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
