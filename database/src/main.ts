import { migrate } from "./migrate.ts";

const USAGE = "usage: DATABASE_URL=postgres://user:password@host:5432/database node database/dist/main.js migrate";

const [command, ...rest] = process.argv.slice(2);
const url = process.env.DATABASE_URL;
if (command !== "migrate" || rest.length > 0 || url === undefined || url === "") {
  console.error(USAGE);
  process.exitCode = 1;
} else {
  try {
    const ran = await migrate(url, (line) => console.error(line));
    console.log(JSON.stringify({ migrated: ran }));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
