import type { Session } from "@wufen/contract";
import { api } from "../api/endpoints.ts";
import { ApiProblem } from "../api/request.ts";

/** Who sits at the desk. */
class Person {
  /** undefined: not known yet; null: nobody. */
  session = $state.raw<Session | null | undefined>(undefined);
  /** The session ended under the person's hands. */
  ended = $state(false);

  readonly isAdministrator = $derived(this.session?.person.role === "administrator");

  async load(): Promise<void> {
    try {
      this.session = await api.getSession();
    } catch (fault) {
      const signedOut = fault instanceof ApiProblem && fault.status === 401;
      if (signedOut && this.session) this.ended = true;
      // A server that cannot be reached signs nobody out.
      if (signedOut || this.session === undefined) this.session = null;
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    this.session = await api.signIn({ name, password });
    this.ended = false;
  }

  async signOut(): Promise<void> {
    await api.signOut();
    this.session = null;
  }
}

export const person = new Person();
