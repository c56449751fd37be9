/** @file `docs/settings.md`: a table of settings for each section. */
import type { Field, FieldType, Section } from "./settings-tree.js";

/** The page, up to its tables. */
const INTRODUCTION = `# Settings

<!-- \`npm run docs:settings\` makes this page from the schema in src/config: change that, then run it. -->

Every setting of a configuration: what it means, its values, unit and default, and when to change it. Start from a preset and
change little:

- on the command line, \`--set training.batchSize=8 model.levels.16.channels=48\`; levels are addressed by their resolution;
- in a file for \`--config\`, or in TypeScript with \`defineConfig\`, as below.

A setting without a default must be written where you name no preset. Words you do not know are in the
[glossary](glossary.md).

## In an editor

Name the JSON schema, and your editor completes every setting and marks misspelt ones:

\`\`\`json
{
  "$schema": "./node_modules/strata-vae/schema/config.schema.json",
  "preset": "emoji32-small",
  "training": { "batchSize": 8 },
  "model": { "levels": [{ "resolution": 16, "channels": 48 }] }
}
\`\`\`

The path is relative to the file. Strata ignores it. In TypeScript the compiler does the same:

\`\`\`ts
import { defineConfig } from "strata-vae";

const config = defineConfig({
  preset: "emoji32-small",
  training: { batchSize: 8 },
  model: { levels: [{ resolution: 16, channels: 48 }] },
});
\`\`\`

Strata checks what no editor can, such as that the resolutions form a ladder, when it reads the configuration.
`;

/** The text of the page. */
export function settingsPage(file: Section): string {
  const own = file.fields.filter(({ type }) => sectionsIn(type).length === 0);
  const inner = file.fields.flatMap((field) => chapters(field, []));
  return [INTRODUCTION, "## The file\n", table(own), ...inner].join("\n");
}

function sectionsIn(type: FieldType): Section[] {
  if (type.kind === "section") return [type];
  if (type.kind === "list") return sectionsIn(type.item);
  return type.kind === "union" ? type.members.flatMap(sectionsIn) : [];
}

/** A heading and a table for each section at a field, and for those inside it. */
function chapters(field: Field, place: readonly string[]): string[] {
  const path = [...place, field.name];
  return sectionsIn(field.type).flatMap((section) => {
    const kind = section.fields.find(({ type }) => type.kind === "values" && type.values.length === 1);
    const values = kind?.type.kind === "values" ? `: ${kind.type.values.join()}` : "";
    return [
      `${"#".repeat(Math.min(path.length + 1, 4))} \`${path.join(".")}\`${values}\n`,
      `${section.description}\n`,
      table(section.fields),
      ...section.fields.flatMap((inside) => chapters(inside, path)),
    ];
  });
}

function table(fields: readonly Field[]): string {
  const rows = fields.map(({ name, type, description, unit, advice, default: fallback, mayBeMissing }) => [
    `\`${name}\``,
    description,
    valuesText(type),
    unit ?? "",
    fallback === undefined ? (mayBeMissing ? "left out" : "") : `\`${fallback}\``,
    advice ?? "",
  ]);
  const lines = [["setting", "meaning", "values", "unit", "default", "advice"], Array(6).fill("---"), ...rows];
  return `${lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n")}\n`;
}

/** What may be written for a setting, in words. */
function valuesText(type: FieldType): string {
  switch (type.kind) {
    case "section":
      return "see below";
    case "list":
      return type.item.kind === "section" ? "a list, see below" : `a list: ${valuesText(type.item)}`;
    case "values":
      return type.values.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
    case "union":
      return [...new Set(type.members.map(valuesText))].join(", ");
    case "boolean":
      return "`true`, `false`";
    case "string":
      return "text";
    default:
      return `${type.kind}${type.range}`;
  }
}
