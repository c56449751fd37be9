/** @file The files that are made from the schema of the settings, as they should be. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { presetNames } from "../../src/config/presets.js";
import { configFileSchema, configSchema } from "../../src/config/schema.js";
import { jsonSchema } from "./json-schema.js";
import { settingsPage } from "./page.js";
import { sectionOf } from "./settings-tree.js";
import { typesFile } from "./types.js";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** The text of every file by its path in the repository. */
export function settingsFiles(): Record<string, string> {
  const { name, version } = JSON.parse(readFileSync(`${repository}package.json`, "utf8"));
  const schema = jsonSchema(configFileSchema, { name, version, presetNames });
  return {
    "src/config/types.ts": formatted("types.ts", typesFile(sectionOf(configSchema))),
    "schema/config.schema.json": formatted("config.schema.json", JSON.stringify(schema)),
    "docs/settings.md": settingsPage(sectionOf(configFileSchema)),
  };
}

/** A text as the formatter of the repository writes it. */
function formatted(name: string, text: string): string {
  const biome = ["node_modules/@biomejs/biome/bin/biome", "format", `--stdin-file-path=${name}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, biome, {
    cwd: repository,
    input: text,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name} is not valid:\n${stderr}`);
  return stdout;
}
