import { parseArgs } from "node:util";
import type { PersonRole } from "@wufen/contract";
import { openDatabase } from "../adapters/database.ts";
import { hashPassword } from "../adapters/passwords.ts";
import { PersonStore } from "../adapters/person-store.ts";

const USAGE =
  "usage: DATABASE_URL=… node dispatch-api/dist/main.js ensure-person --name NAME --role administrator|dispatcher [--demo]  (password on stdin)";
export const PASSWORD_SHORTEST = 8;
const PASSWORD_LONGEST = 1024;

/** Creates a person unless there is one of that name. Throws with the usage where the arguments are not right. */
export async function ensurePerson(
  args: readonly string[],
  databaseUrl: string | undefined,
  input: AsyncIterable<Buffer | string>,
): Promise<{ created: boolean }> {
  const { name, role, demo } = readArguments(args);
  if (databaseUrl === undefined || databaseUrl === "") throw new Error(`DATABASE_URL is missing\n${USAGE}`);
  const password = await readPassword(input);
  const sql = openDatabase(databaseUrl);
  try {
    const passwordHash = await hashPassword(password);
    return { created: await new PersonStore(sql).ensure({ name, role, demo, passwordHash }) };
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function readArguments(args: readonly string[]): { name: string; role: PersonRole; demo: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: { name: { type: "string" }, role: { type: "string" }, demo: { type: "boolean", default: false } },
  });
  const { name, role, demo } = values;
  if (name === undefined || name === "" || name.length > 80) throw new Error(`--name is 1 to 80 characters\n${USAGE}`);
  if (role !== "administrator" && role !== "dispatcher") throw new Error(`--role ${role ?? ""} is no role\n${USAGE}`);
  return { name, role, demo };
}

async function readPassword(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = "";
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.length > PASSWORD_LONGEST) throw new Error(`the password is longer than ${PASSWORD_LONGEST} characters`);
  }
  const password = text.replace(/\r?\n$/, "");
  if (password.length < PASSWORD_SHORTEST) {
    throw new Error(`the password on stdin has ${password.length} characters; give at least ${PASSWORD_SHORTEST}`);
  }
  return password;
}
