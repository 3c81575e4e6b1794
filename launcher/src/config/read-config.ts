import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { hidePassword } from "@wufen/database";
import { type Config, SETTINGS } from "./settings.ts";

export type ConfigReading =
  | { readonly kind: "config"; readonly config: Config }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "problems"; readonly problems: readonly string[] };

/**
 * Reads options and environment once, and lists every problem at once.
 * Files are relative to `cwd`; the default data folder lies in the project's folder `projectDir`.
 */
export function readConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
  projectDir: string,
): ConfigReading {
  const problems: string[] = [];
  const options = readOptions(args, problems);
  if (options.help === true) return { kind: "help", text: helpText() };

  const values: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const given = setting.option === undefined ? undefined : options[setting.option];
    const fromOption = given === true ? setting.flag : (given as string | undefined);
    const fromVariable = environment[setting.variable] || undefined;
    const text = fromOption ?? fromVariable ?? setting.fallback;
    if (text === undefined) continue;
    const reading = setting.read(text);
    if ("value" in reading) values[setting.name] = reading.value;
    else {
      const source = fromOption === undefined ? `${setting.variable}=` : `--${setting.option} `;
      problems.push(`${source}${hidePassword(text)}: ${reading.problem}`);
    }
    if (setting.name === "data") {
      values.data = resolve(text === setting.fallback && fromOption === undefined ? projectDir : cwd, text);
    }
  }
  for (const name of ["osm", "tlsCert", "tlsKey"] as const) {
    const file = values[name];
    if (typeof file !== "string") continue;
    values[name] = resolve(cwd, file);
    const problem = findFileProblem(resolve(cwd, file));
    const option = SETTINGS.find((setting) => setting.name === name)?.option;
    if (problem !== undefined) problems.push(`--${option} ${file}: ${problem}`);
  }
  if ((values.tlsCert === undefined) !== (values.tlsKey === undefined)) {
    problems.push("--tls-cert and --tls-key belong together: give both or none");
  }
  return problems.length > 0 ? { kind: "problems", problems } : { kind: "config", config: values as Config };
}

export function isLoopback(host: string): boolean {
  return /^127\./.test(host) || host === "::1";
}

function readOptions(args: readonly string[], problems: string[]): Record<string, string | boolean | undefined> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const { option, flag } of SETTINGS) {
    if (option !== undefined) options[option] = { type: flag === undefined ? "string" : "boolean" };
  }
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const read: Record<string, string | boolean | undefined> = {};
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      problems.push(`${token.value}: no option; see --help`);
      continue;
    }
    const option = options[token.name];
    if (option === undefined) problems.push(`${token.rawName}: no such option; see --help`);
    else if (option.type === "string" && token.value === undefined) problems.push(`${token.rawName}: give a value`);
    else if (option.type === "boolean" && token.value !== undefined) problems.push(`${token.rawName}: takes no value`);
    else read[token.name] = token.value ?? true;
  }
  return read;
}

function findFileProblem(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return "no such file; check its path";
  return stat.isFile() ? undefined : "is not a file";
}

function helpText(): string {
  const lines = SETTINGS.map(({ option, flag, variable, placeholder, fallback, help }) => {
    const left = option === undefined ? "" : flag === undefined ? `--${option} ${placeholder}` : `--${option}`;
    const preset = fallback === undefined ? "" : ` [${fallback}]`;
    return `  ${left.padEnd(20)} ${variable.padEnd(17)} ${help}${preset}`;
  });
  return `npm start -- [options]\n\n  ${"option".padEnd(20)} ${"or variable".padEnd(17)}\n${lines.join("\n")}`;
}
