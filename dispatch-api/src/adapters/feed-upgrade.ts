import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { fastifyCookie } from "@fastify/cookie";
import { LIMITS } from "@wufen/contract";
import { type WebSocket, WebSocketServer } from "ws";
import { AttemptLimiter } from "../domain/attempt-limiter.ts";
import type { Desk, FeedHub, FeedSocket } from "../live/feed-hub.ts";
import type { FeedMessage } from "../live/feed-log.ts";
import { RequestProblem } from "../problem.ts";
import { refuseOtherSites, SESSION_COOKIE } from "../routes/guard.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import type { SessionStore, SignedIn } from "./session-store.ts";
import { clientAddress, type IsTrusted } from "./trusted-proxies.ts";

/** Messages a desk may send in ten seconds; one that sends more is let go. */
export const MESSAGES_PER_WINDOW = 200;
const WINDOW_MS = 10_000;
/** Upgrades of one address: each asks the database, and all desks of one building come back at once. */
export const UPGRADES_PER_ADDRESS = { attempts: 600, windowMs: 10_000, keys: 10_000 };
/** Most sockets of one session, so that nobody takes all desks' places. */
export const SOCKETS_PER_SESSION = 20;

interface Open {
  readonly desk: Desk;
  readonly token: string;
  readonly signedIn: SignedIn;
}

/** The feed's WebSockets: opened for a session, closed when it ends. */
export class FeedUpgrade {
  readonly #hub: FeedHub;
  readonly #sessions: SessionStore;
  readonly #now: () => number;
  readonly #isTrusted: IsTrusted;
  readonly #open = new Set<Open>();
  readonly #upgrades = new AttemptLimiter(UPGRADES_PER_ADDRESS);
  // Compression costs 4 ms a frame and desk and saves a third: off on a local network.
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LIMITS.feedClientMessageBytes,
  });

  constructor(hub: FeedHub, sessions: SessionStore, now: () => number, isTrusted: IsTrusted) {
    this.#hub = hub;
    this.#sessions = sessions;
    this.#now = now;
    this.#isTrusted = isTrusted;
  }

  async accept(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    try {
      refuseOtherSites(request.headers);
      const address = clientAddress(request, this.#isTrusted);
      const nowMs = this.#now();
      if (!this.#upgrades.allows(address, nowMs)) {
        throw new RequestProblem("TOO_MANY_REQUESTS", "too many sockets were opened from here; try again in a moment");
      }
      this.#upgrades.count(address, nowMs);
      const token = fastifyCookie.parse(request.headers.cookie ?? "")[SESSION_COOKIE];
      const signedIn = token === undefined ? undefined : await this.#sessions.find(token);
      if (token === undefined || signedIn === undefined) {
        throw new RequestProblem("NOT_SIGNED_IN", "the feed is for those who are signed in; sign in first");
      }
      const held = [...this.#open].filter((open) => open.signedIn.sessionId === signedIn.sessionId).length;
      if (held >= SOCKETS_PER_SESSION) {
        throw new RequestProblem("TOO_MANY_REQUESTS", `a session has at most ${SOCKETS_PER_SESSION} feeds; close one`);
      }
      this.#server.handleUpgrade(request, socket, head, (ws) => this.#join(ws, token, signedIn));
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  }

  endSession(sessionId: string): void {
    for (const open of this.#open) {
      if (open.signedIn.sessionId === sessionId) {
        this.#hub.refuse(open.desk, "SIGNED_OUT", "the session has ended; sign in again");
      }
    }
  }

  /** Lets the desks go whose sessions ended elsewhere or ran out. */
  async checkSessions(): Promise<void> {
    for (const open of [...this.#open]) {
      const signedIn = await this.#sessions.find(open.token, false);
      if (signedIn === undefined) this.endSession(open.signedIn.sessionId);
    }
  }

  #join(ws: WebSocket, token: string, signedIn: SignedIn): void {
    // Also where there is no place: what a refused socket still sends may be no WebSocket frame.
    ws.on("error", () => ws.terminate());
    const desk = this.#hub.join(new DeskSocket(ws), signedIn, this.#now());
    if (desk === undefined) return;
    const open = { desk, token, signedIn };
    this.#open.add(open);
    let windowAtMs = this.#now();
    let messages = 0;
    ws.on("message", (data: Buffer, binary: boolean) => {
      const now = this.#now();
      if (now - windowAtMs > WINDOW_MS) {
        windowAtMs = now;
        messages = 0;
      }
      if (++messages > MESSAGES_PER_WINDOW) {
        const reason = `more than ${MESSAGES_PER_WINDOW} messages in ${WINDOW_MS / 1000} s; send fewer`;
        this.#hub.refuse(desk, "FEED_MESSAGE", reason);
      } else this.#hub.hear(desk, binary ? "" : data.toString(), now);
    });
    const leave = () => {
      this.#open.delete(open);
      this.#hub.leave(desk);
    };
    ws.on("close", leave);
  }
}

/** How long a closed desk may take to answer the close before its socket is cut. */
const CLOSE_WAIT_MS = 1000;

class DeskSocket implements FeedSocket {
  readonly #ws: WebSocket;

  constructor(ws: WebSocket) {
    this.#ws = ws;
  }

  send(message: FeedMessage): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(message);
  }

  bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    const cut = setTimeout(() => this.#ws.terminate(), CLOSE_WAIT_MS);
    this.#ws.once("close", () => clearTimeout(cut));
  }
}
