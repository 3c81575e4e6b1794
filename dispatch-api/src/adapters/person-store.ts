import type { PersonRole } from "@wufen/contract";
import { ask, type Sql } from "./database.ts";

export interface Person {
  readonly no: number;
  readonly name: string;
  readonly role: PersonRole;
  readonly demo: boolean;
  readonly passwordHash: string;
}

/** The people who may sign in. */
export class PersonStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** A person who is not disabled. */
  async find(name: string): Promise<Person | undefined> {
    const [row] = await ask(this.#sql<Person[]>`
      SELECT no, name, role, demo, password_hash AS "passwordHash" FROM person
      WHERE name = ${name} AND disabled_at IS NULL`);
    return row;
  }

  /** Creates a person; an existing one is left as it is. Answers whether it was created. */
  async ensure(person: Omit<Person, "no">): Promise<boolean> {
    const made = await ask(this.#sql`
      INSERT INTO person (name, role, password_hash, demo)
      VALUES (${person.name}, ${person.role}, ${person.passwordHash}, ${person.demo})
      ON CONFLICT (name) DO NOTHING RETURNING no`);
    return made.length === 1;
  }
}
