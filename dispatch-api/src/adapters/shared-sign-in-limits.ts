import { randomUUID } from "node:crypto";
import { SignInNotice, signInChannel } from "@wufen/contract";
import type { RedisListener } from "@wufen/database";
import { Compile } from "typebox/compile";
import { SignInLimits } from "../domain/sign-in-limits.ts";

const notice = Compile(SignInNotice);

/** The limits of sign-ins over all APIs of a cluster: each tells the others what it counts. Without Redis each counts for itself. */
export class SharedSignInLimits {
  readonly #limits = new SignInLimits();
  readonly #self = randomUUID();
  readonly #channel: string;
  readonly #publish: (channel: string, text: string) => void;
  readonly #now: () => number;

  constructor(prefix: string, publish: (channel: string, text: string) => void, now: () => number) {
    this.#channel = signInChannel(prefix);
    this.#publish = publish;
    this.#now = now;
  }

  get listener(): RedisListener {
    return { channel: this.#channel, isPattern: false, onMessage: (bytes) => this.#receive(bytes) };
  }

  begin(name: string, address: string, nowMs: number): boolean {
    const allowed = this.#limits.begin(name, address, nowMs);
    if (allowed) this.#tell("begun", name, address);
    return allowed;
  }

  failed(name: string, address: string, nowMs: number): void {
    this.#limits.failed(name, address, nowMs);
    this.#tell("failed", name, address);
  }

  succeeded(name: string, address: string): void {
    this.#limits.succeeded(name, address);
    this.#tell("succeeded", name, address);
  }

  #tell(step: SignInNotice["step"], name: string, address: string): void {
    const said: SignInNotice = { from: this.#self, step, name, address };
    this.#publish(this.#channel, JSON.stringify(said));
  }

  #receive(bytes: Buffer): void {
    const said = read(bytes);
    if (said === undefined || said.from === this.#self) return;
    const { step, name, address } = said;
    switch (step) {
      case "begun":
        this.#limits.begin(name, address, this.#now());
        return;
      case "failed":
        this.#limits.failed(name, address, this.#now());
        return;
      case "succeeded":
        this.#limits.succeeded(name, address);
        return;
    }
  }
}

function read(bytes: Buffer): SignInNotice | undefined {
  try {
    const said: unknown = JSON.parse(bytes.toString("utf8"));
    return notice.Check(said) ? said : undefined;
  } catch {
    return undefined;
  }
}
