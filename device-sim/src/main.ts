#!/usr/bin/env node
import { generateDistrictCommand } from "./commands/generate-district.ts";
import { loadCommand } from "./commands/load.ts";
import { UsageError } from "./commands/options.ts";
import { playCommand } from "./commands/play.ts";
import { replayCommand } from "./commands/replay.ts";
import { rosterCommand } from "./commands/roster.ts";

const COMMANDS: Record<string, (argv: string[]) => number | Promise<number>> = {
  "generate-district": generateDistrictCommand,
  roster: rosterCommand,
  play: playCommand,
  replay: replayCommand,
  load: loadCommand,
};

const USAGE = `usage: node device-sim/dist/main.js <command> [options]
  generate-district --out DIR [--seed 5]
  roster --map DIR [--stations DIR/stations.json] [--seed 5] [--units 300]
  play --url mqtt://127.0.0.1:1883 --map DIR --credentials FILE [--stations FILE] [--seed 5] [--speed 1]
  replay --url mqtt://127.0.0.1:1883 --traces FILE --credentials FILE [--speed 1] [--pause 60] [--box W,S,E,N] [--recorded-datum gcj02]
  load --url mqtt://HOST:PORT --credentials FILE --rate N --seconds N [--acked FILE] [--addresses N]
`;

/** Exit codes: 0 done or stopped cleanly, 1 failed, 2 wrong command line. */
async function main(argv: string[]): Promise<number> {
  const command = COMMANDS[argv[0] ?? ""];
  if (!command) {
    process.stderr.write(argv[0] ? `unknown command ${argv[0]}\n${USAGE}` : USAGE);
    return 2;
  }
  try {
    return await command(argv.slice(1));
  } catch (error) {
    process.stderr.write(`device-sim ${argv[0]}: ${error instanceof Error ? error.message : String(error)}\n`);
    if (error instanceof UsageError) process.stderr.write(USAGE);
    return error instanceof UsageError ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
