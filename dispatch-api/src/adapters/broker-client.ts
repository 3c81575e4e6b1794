import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";

/** Header that tells the broker the true address of a client behind us, and the one that proves it is us who says so. */
const CLIENT_ADDRESS_HEADER = "x-wufen-client-address";
const PROXY_KEY_HEADER = "x-wufen-proxy-key";
/** Longest wait for the broker's answer: its own wait for a commit and some. */
export const BROKER_WAIT_MS = 12_000;
/** Most connections to the broker's loopback listener for requests; others wait. */
export const BROKER_CONNECTIONS = 64;
/** Longest answer of the broker. */
const ANSWER_LIMIT_BYTES = 262_144;

/** Headers of one hop, and what only we may say. */
const NOT_PASSED_ON = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "content-length",
  "host",
  "cookie",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
]);

export interface BrokerAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export class BrokerUnreachable extends Error {}

/** A client's headers without what is of one hop, the desk's cookie, and anything that claims to come from us. */
export function passedOnHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name) && !name.startsWith("x-wufen-"));
  return Object.fromEntries(kept);
}

/** The broker's loopback listener. */
export class BrokerClient {
  readonly url: URL;
  readonly #proxyKey: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: BROKER_CONNECTIONS });

  constructor(url: URL, proxyKey: string) {
    this.url = url;
    this.#proxyKey = proxyKey;
  }

  /** Headers that tell the broker whom we speak for. */
  proof(clientAddress: string): Record<string, string> {
    return { [CLIENT_ADDRESS_HEADER]: clientAddress, [PROXY_KEY_HEADER]: this.#proxyKey };
  }

  /** Sends a request; rejects with {@link BrokerUnreachable}. */
  send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body: Uint8Array,
    clientAddress: string,
  ): Promise<BrokerAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        const remedy = "is the broker running?";
        reject(new BrokerUnreachable(`the broker at ${this.url.host} does not answer (${error.message}); ${remedy}`));
      };
      const outgoing = request(
        new URL(path, this.url),
        {
          method,
          agent: this.#agent,
          timeout: BROKER_WAIT_MS,
          headers: { ...headers, ...this.proof(clientAddress), "content-length": body.length },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let length = 0;
          incoming.on("data", (chunk: Buffer) => {
            chunks.push(chunk);
            length += chunk.length;
            if (length > ANSWER_LIMIT_BYTES)
              outgoing.destroy(new Error(`answer longer than ${ANSWER_LIMIT_BYTES} bytes`));
          });
          incoming.on("error", fail);
          incoming.on("end", () =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
          );
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error(`silent for ${BROKER_WAIT_MS} ms`)));
      outgoing.on("error", fail);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
