import { importExtract } from "./import-extract.ts";
import { ExtractError } from "./osm/extract-error.ts";

const [command, source, outDir, ...rest] = process.argv.slice(2);
if (command !== "import" || !source || !outDir || rest.length > 0) {
  console.error("Usage: node road-network/dist/main.js import <extract.osm.pbf | extract.osm> <outDir>");
  process.exit(2);
}

try {
  await importExtract(source, outDir, (line) => console.log(line));
} catch (error) {
  if (!(error instanceof ExtractError)) throw error;
  console.error(error.message);
  process.exit(1);
}
