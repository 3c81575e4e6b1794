import { randomBytes } from "node:crypto";
import type { PersonRole } from "@wufen/contract";
import { connect } from "@wufen/database";
import { type NodeProgram, runNode } from "../process/start-node.ts";

export type SignInName = { readonly name: string; readonly password: string };

/** The demo's people: no secret, so the API lets them in only where the demo runs on loopback. */
export const DEMO_ADMINISTRATOR: SignInName = { name: "admin", password: "wufen-demo-admin" };
export const DEMO_DISPATCHER: SignInName = { name: "dispatch", password: "wufen-demo-dispatch" };
const FIRST_ADMINISTRATOR = "administrator";
/** Registers the demo fleet where demo people may not sign in. */
const SETUP_NAME = "setup";

export type PeopleTools = {
  readonly projectDir: string;
  readonly databaseUrl: string;
  readonly environment: NodeProgram["environment"];
  readonly log: (line: string) => void;
};

export async function ensureDemoPeople(tools: PeopleTools): Promise<void> {
  await Promise.all([
    ensurePerson(DEMO_ADMINISTRATOR, "administrator", ["--demo"], tools),
    ensurePerson(DEMO_DISPATCHER, "dispatcher", ["--demo"], tools),
  ]);
}

/** @returns the first administrator where this call made it: its password is known now and never again */
export async function ensureFirstAdministrator(tools: PeopleTools): Promise<SignInName | undefined> {
  const person = { name: FIRST_ADMINISTRATOR, password: randomBytes(15).toString("base64url") };
  return (await ensurePerson(person, "administrator", [], tools)) ? person : undefined;
}

/** An administrator whose password is a key of the data folder. */
export async function ensureSetupPerson(key: string, tools: PeopleTools): Promise<SignInName> {
  const person = { name: SETUP_NAME, password: key };
  await ensurePerson(person, "administrator", [], tools);
  return person;
}

async function ensurePerson(
  { name, password }: SignInName,
  role: PersonRole,
  flags: readonly string[],
  { projectDir, databaseUrl, environment, log }: PeopleTools,
): Promise<boolean> {
  // A look takes milliseconds, the program that hashes a password a second or more.
  if (await exists(name, databaseUrl)) return false;
  const args = ["ensure-person", "--name", name, "--role", role, ...flags];
  const program = { name: "ensure-person", script: "dispatch-api/dist/main.js", args, environment };
  const output = await runNode(program, projectDir, log, password);
  return (JSON.parse(output.trim()) as { created: boolean }).created;
}

async function exists(name: string, databaseUrl: string): Promise<boolean> {
  const sql = connect(databaseUrl, { max: 1 });
  try {
    return (await sql`SELECT 1 FROM person WHERE name = ${name}`).length > 0;
  } finally {
    await sql.end();
  }
}
