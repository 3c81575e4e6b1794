import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

/** A certificate of this machine that vouches for itself; answers the paths of its files and its PEM. */
export async function writeCertificate(
  folder: string,
): Promise<{ readonly certFile: string; readonly keyFile: string; readonly pem: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=localhost",
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + DAY_MS),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }])],
    },
    webcrypto as Crypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const certFile = join(folder, "cert.pem");
  const keyFile = join(folder, "key.pem");
  const pem = certificate.toString("pem");
  writeFileSync(certFile, pem);
  writeFileSync(keyFile, PemConverter.encode(key, "PRIVATE KEY"), { mode: 0o600 });
  return { certFile, keyFile, pem };
}
