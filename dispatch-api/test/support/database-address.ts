import type { NetConnectOpts } from "node:net";

const DEFAULT_PORT = 5432;

/** Where a database listens, and its address through another port of this machine. */
export function readDatabaseAddress(url: string): NetConnectOpts & { throughPort(port: number): string } {
  const match = /^(postgres(?:ql)?:\/\/[^@/]*@)([^/?]*)(\/[^?]*)\??(.*)$/.exec(url);
  if (match === null) throw new Error("not a PostgreSQL address");
  const [, credentials = "", hostAndPort = "", database = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  const folder = parameters.get("host");
  const [host = "", portText = ""] = hostAndPort.split(":");
  const port = Number(portText || parameters.get("port") || DEFAULT_PORT);
  const throughPort = (through: number) => `${credentials}127.0.0.1:${through}${database}`;
  return folder === null ? { host, port, throughPort } : { path: `${folder}/.s.PGSQL.${port}`, throughPort };
}
