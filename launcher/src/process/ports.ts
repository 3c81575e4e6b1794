import { type AddressInfo, Server } from "node:net";
import { Refusal } from "../refusal.ts";

export type PortWish = {
  /** What the port is for, and how another is chosen, for the message. */
  readonly option: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
};

/**
 * Finds out whether each port is free, and picks one where 0 is wished, so that a process that starts again comes back on
 * the same.
 * @throws Refusal naming every port that cannot be had
 */
export async function claimPorts<Name extends string>(
  wishes: Readonly<Record<Name, PortWish>>,
): Promise<Record<Name, number>> {
  // One address that cannot be had is one problem, whatever the number of its ports.
  const problems = new Set<string>();
  const claimed: [string, Server][] = [];
  const optionOf = new Map<number, string>();
  for (const [name, wish] of Object.entries<PortWish>(wishes)) {
    const other = wish.port === 0 ? undefined : optionOf.get(wish.port);
    if (other !== undefined) {
      problems.add(`--${other} and --${wish.option} are both ${wish.port}: give each a port of its own`);
      continue;
    }
    optionOf.set(wish.port, wish.option);
    const outcome = await listen(wish.host, wish.port);
    if (outcome instanceof Server) claimed.push([name, outcome]);
    else problems.add(explain(wish, outcome.code));
  }
  // All are held until the last is claimed, so that none is picked twice.
  const ports = claimed.map(([name, server]) => [name, (server.address() as AddressInfo).port] as const);
  await Promise.all(claimed.map(([, server]) => new Promise((resolve) => server.close(resolve))));
  if (problems.size > 0) throw new Refusal([...problems].join("\n"));
  return Object.fromEntries(ports) as Record<Name, number>;
}

function listen(host: string, port: number): Promise<Server | { readonly code: string }> {
  return new Promise((resolve) => {
    const server = new Server();
    server.on("error", (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message }));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function explain({ option, host, port }: PortWish, code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is in use: end the program that has it, or choose another with --${option}`;
    case "EACCES":
      return `port ${port} may be opened by root only: choose one above 1023 with --${option}`;
    case "EADDRNOTAVAIL":
      return `${host} is no address of this machine: choose another with --host`;
    default:
      return `port ${port} on ${host} cannot be opened (${code}): choose another with --${option}`;
  }
}
