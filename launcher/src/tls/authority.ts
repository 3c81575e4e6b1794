import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { writeSecret } from "../data/data-folder.ts";

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Phones refuse certificates that run longer: 398 days at Apple, 825 for authorities that a user added. */
const SERVER_DAYS = 397;
const RENEW_DAYS = 30;
const KEY = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

export type HostNames = { readonly dns: readonly string[]; readonly ip: readonly string[] };

/** PEM files. A phone that trusts `authorityFile` trusts the server. */
export type ServerCertificate = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly authorityFile: string;
  readonly isNew: boolean;
};

/**
 * A certificate for this machine's names from an authority that is made at first use (ECDSA P-256) and stays; the
 * certificate is made again where its end is near or the names changed.
 */
export async function ensureServerCertificate(
  dir: string,
  names: HostNames,
  nowMs: number,
): Promise<ServerCertificate> {
  const authorityFile = join(dir, "ca.pem");
  const authorityKeyFile = join(dir, "ca-key.pem");
  const certFile = join(dir, "server.pem");
  const keyFile = join(dir, "server-key.pem");

  let authority = readCertificate(authorityFile);
  let isNew = false;
  if (authority === undefined || !existsSync(authorityKeyFile) || isNearEnd(authority, nowMs)) {
    const made = await createAuthority(nowMs);
    authority = made.certificate;
    writeSecret(authorityKeyFile, made.keyPem);
    writeSecret(authorityFile, `${authority.toString("pem")}\n`);
    isNew = true;
  }
  const current = readCertificate(certFile);
  const isUsable =
    !isNew &&
    current !== undefined &&
    existsSync(keyFile) &&
    !isNearEnd(current, nowMs) &&
    current.issuer === authority.subject &&
    namesOf(current) === namesText(names);
  if (!isUsable) {
    const signingKey = await importKey(readFileSync(authorityKeyFile, "utf8"));
    const made = await createServerCertificate(authority, signingKey, names, nowMs);
    writeSecret(keyFile, made.keyPem);
    writeSecret(certFile, `${made.certificate.toString("pem")}\n${authority.toString("pem")}\n`);
    isNew = true;
  }
  return { certFile, keyFile, authorityFile, isNew };
}

async function createAuthority(nowMs: number) {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
  const serialNumber = randomSerial();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // The number tells the authorities of two installations apart.
    name: `CN=Wufen demo authority ${serialNumber.slice(-8)}`,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keyPem: await exportKey(keys.privateKey) };
}

async function createServerCertificate(
  authority: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  names: HostNames,
  nowMs: number,
) {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: `CN=${names.dns[0] ?? names.ip[0]}`,
    issuer: authority.subject,
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + SERVER_DAYS * DAY_MS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: "dns" as const, value })),
        ...names.ip.map((value) => ({ type: "ip" as const, value })),
      ]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return { certificate, keyPem: await exportKey(keys.privateKey) };
}

function readCertificate(file: string): X509Certificate | undefined {
  if (!existsSync(file)) return undefined;
  try {
    // The first of the file: the server's comes before its authority's.
    const [first] = PemConverter.decode(readFileSync(file, "utf8"));
    return first === undefined ? undefined : new X509Certificate(first);
  } catch {
    return undefined;
  }
}

function isNearEnd(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.notAfter.getTime() - nowMs < RENEW_DAYS * DAY_MS;
}

function namesOf(certificate: X509Certificate): string {
  const names = certificate.getExtension(SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const ofType = (type: string) => names.filter((name) => name.type === type).map(({ value }) => String(value));
  return namesText({ dns: ofType("dns"), ip: ofType("ip") });
}

function namesText({ dns, ip }: HostNames): string {
  return JSON.stringify([[...dns].sort(), ip.map(normalizeIp).sort()]);
}

/** One spelling of an IPv6 address: `::1` and `0:0:0:0:0:0:0:1` are the same. */
function normalizeIp(ip: string): string {
  return ip.includes(":") ? new URL(`http://[${ip}]`).hostname : ip;
}

function randomSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [der] = PemConverter.decode(pem);
  return webcrypto.subtle.importKey("pkcs8", der as ArrayBuffer, KEY, false, ["sign"]);
}
