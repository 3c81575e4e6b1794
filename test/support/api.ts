import type { Session } from "@wufen/contract";

/** A signed-in client of the dispatch API: every call carries the session's cookie, every fault is thrown with its body. */
export class Api {
  readonly base: string;
  readonly cookie: string;

  private constructor(base: string, cookie: string) {
    this.base = base;
    this.cookie = cookie;
  }

  static async signIn(base: string, name: string, password: string): Promise<Api> {
    const answer = await fetch(`${base}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: base },
      body: JSON.stringify({ name, password }),
    });
    if (!answer.ok) throw new Error(`sign-in of ${name} answered ${answer.status}: ${await answer.text()}`);
    (await answer.json()) as Session;
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    return new Api(base, cookie);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.base + path, {
      method,
      headers: {
        cookie: this.cookie,
        origin: this.base,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>("GET", path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("POST", path, body);
  }
}
