/** @file Makes what is made from the schema of the settings: `npm run docs:settings`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { settingsFiles } from "./files.js";

for (const [path, text] of Object.entries(settingsFiles())) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  console.log(path);
}
