import { hostname, networkInterfaces } from "node:os";

/** The names and addresses under which this machine is asked for; link-local addresses are left out. */
export function listHostNames(): { readonly dns: readonly string[]; readonly ip: readonly string[] } {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address)
    .filter((address) => !address.startsWith("fe80:") && !address.startsWith("169.254."));
  const ip = [...new Set(["127.0.0.1", "::1", ...addresses])].sort();
  const name = hostname().toLowerCase();
  const dns = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) && name !== "localhost" ? [name, `${name}.local`] : [];
  return { dns: ["localhost", ...new Set(dns)], ip };
}

/** The address that a phone on the local network reaches this machine at: the first IPv4 address that is not loopback. */
export function findLanAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal, address }) => family === "IPv4" && !internal && !address.startsWith("169.254."))
    ?.address;
}
