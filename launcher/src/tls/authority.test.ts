import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, expect, test } from "vitest";
import { ensureServerCertificate, type ServerCertificate } from "./authority.ts";

const dir = mkdtempSync(join(tmpdir(), "wufen-tls-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const NAMES = { dns: ["localhost", "desk.example"], ip: ["127.0.0.1", "::1", "192.168.7.20"] };
const text = (file: string) => readFileSync(file, "utf8");

/** Connects as a phone that trusts the authority and asks for `servername`. */
async function verify(made: ServerCertificate, host: string, servername: string): Promise<true | string> {
  const server = createServer({ cert: text(made.certFile), key: text(made.keyFile) }, (socket) => socket.end());
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  try {
    return await new Promise((resolve) => {
      const socket: TLSSocket = connect({ host, port, ca: text(made.authorityFile), servername }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    server.close();
  }
}

test("who trusts the authority trusts the server under each of its names, and under no other", async () => {
  const made = await ensureServerCertificate(dir, NAMES, NOW_MS);
  expect(made.isNew).toBe(true);
  expect(await verify(made, "127.0.0.1", "desk.example")).toBe(true);
  expect(await verify(made, "127.0.0.1", "")).toBe(true);
  expect(await verify(made, "127.0.0.1", "elsewhere.example")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  for (const name of ["ca-key.pem", "server-key.pem"]) expect(statSync(join(dir, name)).mode & 0o077).toBe(0);
});

test("the certificate stays until its end is near or the names change; the authority stays", async () => {
  const before = await ensureServerCertificate(dir, NAMES, NOW_MS);
  expect(before.isNew).toBe(false);
  const authority = text(before.authorityFile);
  const first = text(before.certFile);

  const moved = await ensureServerCertificate(dir, { ...NAMES, ip: ["127.0.0.1", "10.0.0.4"] }, NOW_MS);
  expect(moved.isNew).toBe(true);
  expect(text(moved.certFile)).not.toBe(first);

  const late = await ensureServerCertificate(dir, { ...NAMES, ip: ["127.0.0.1", "10.0.0.4"] }, NOW_MS + 370 * DAY_MS);
  expect(late.isNew).toBe(true);
  expect(text(late.authorityFile)).toBe(authority);
});
