import { setTimeout as pause } from "node:timers/promises";
import { Refusal } from "../refusal.ts";

const RETRY_LIMIT_MS = 15_000;

/** A signed-in caller of the dispatch API. */
export class ApiClient {
  readonly #base: string;
  readonly #cookie: string;

  private constructor(base: string, cookie: string) {
    this.#base = base;
    this.#cookie = cookie;
  }

  static async signIn(base: string, name: string, password: string): Promise<ApiClient> {
    const answer = await request(base, "POST", "/api/session", { name, password });
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(";", 1)[0])
      .join("; ");
    return new ApiClient(base, cookie);
  }

  async call<Answer>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const answer = await request(this.#base, method, path, body, this.#cookie);
    return (await answer.json()) as Answer;
  }

  async signOut(): Promise<void> {
    await request(this.#base, "DELETE", "/api/session", undefined, this.#cookie);
  }
}

/** Asks again while the API says that something it needs is not there yet. */
async function request(base: string, method: string, path: string, body?: unknown, cookie?: string): Promise<Response> {
  const limitMs = Date.now() + RETRY_LIMIT_MS;
  for (;;) {
    const answer = await fetch(base + path, {
      method,
      headers: {
        origin: base,
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return answer;
    const text = await answer.text();
    if (answer.status < 502 || Date.now() > limitMs) {
      throw new Refusal(`${method} ${path} was answered with ${answer.status}: ${text}`);
    }
    await pause(200);
  }
}
