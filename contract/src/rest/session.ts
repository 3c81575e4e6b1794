import { type Static, Type } from "typebox";
import { PersonRole } from "../kinds.ts";

export const SignIn = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80, pattern: "^[^\\u0000]*$" }),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
  },
  { additionalProperties: false },
);
export type SignIn = Static<typeof SignIn>;

/** Who is signed in. */
export const Session = Type.Object({
  person: Type.Object({ name: Type.String(), role: PersonRole, demo: Type.Boolean() }),
  expiresAtMs: Type.Number(),
});
export type Session = Static<typeof Session>;
