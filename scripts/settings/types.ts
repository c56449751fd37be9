/** @file `src/config/types.ts`: an interface for each section of settings, with comments that survive into the package's types. */
import { allSections, type Field, type FieldType, type Section } from "./settings-tree.js";

const HEADER = `/**
 * @file The types of a configuration. \`npm run docs:settings\` makes this file from the schema: change that, then run it.
 *
 * What ends in \`Input\` may be written: fields with a default may be left out.
 */
`;

/** The settings whose value is another once a configuration has been read: \`"on"\` has become a schedule. */
const READ: Record<string, string> = { informationSchedule: "false | InformationScheduleConfig" };

/** Whether a type is that of what is read, or of what may be written. */
type Side = "read" | "written";

/** The text of the file, not formatted. */
export function typesFile(config: Section): string {
  const sections = allSections(config);
  const schedules = sections.filter(({ title }) => title.endsWith("Schedule"));
  const union = (side: Side) => schedules.map((section) => nameOf(section, side)).join(" | ");
  return [
    HEADER,
    ...sections.flatMap((section) => [
      interfaceOf(section, "read"),
      ...(differs(section) ? [interfaceOf(section, "written")] : []),
    ]),
    `/** An information schedule: the share of an image's information that each latent group should carry. */
     export type InformationScheduleConfig = ${union("read")};\n`,
    `/** What may be written for {@link InformationScheduleConfig}. */
     export type InformationScheduleInput = ${union("written")};\n`,
  ].join("\n");
}

/** Whether more may be left out where a section is written than where it has been read. */
const differs = ({ fields }: Section): boolean =>
  fields.some(({ name, type, mayBeLeftOut, mayBeMissing }) => {
    return mayBeLeftOut !== mayBeMissing || name in READ || sectionsIn(type).some(differs);
  });

function sectionsIn(type: FieldType): Section[] {
  if (type.kind === "section") return [type];
  if (type.kind === "list") return sectionsIn(type.item);
  return type.kind === "union" ? type.members.flatMap(sectionsIn) : [];
}

function nameOf(section: Section, side: Side): string {
  const { title } = section;
  if (side === "read" || !differs(section)) return title;
  return title === "Config" ? "CompleteConfigInput" : `${title.replace(/Config$/, "")}Input`;
}

function interfaceOf(section: Section, side: Side): string {
  const description = side === "read" ? section.description : `What may be written for {@link ${section.title}}.`;
  const fields = section.fields.map((field) => {
    const optional = side === "read" ? field.mayBeMissing : field.mayBeLeftOut;
    const type = side === "read" ? (READ[field.name] ?? typeText(field.type, side)) : typeText(field.type, side);
    return `${comment(field)}\n${field.name}${optional ? "?" : ""}: ${type};`;
  });
  return `/** ${description} */\nexport interface ${nameOf(section, side)} {\n${fields.join("\n")}\n}\n`;
}

function typeText(type: FieldType, side: Side): string {
  switch (type.kind) {
    case "section":
      return nameOf(type, side);
    case "values":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "list": {
      const item = typeText(type.item, side);
      return type.item.kind === "union" || type.item.kind === "values" ? `(${item})[]` : `${item}[]`;
    }
    case "union":
      return type.members.map((member) => typeText(member, side)).join(" | ");
    case "whole number":
      return "number";
    default:
      return type.kind;
  }
}

/** The comment above a field: meaning and unit, advice, default. */
function comment({ description, unit, advice, default: fallback }: Field): string {
  const paragraphs = [
    unit === undefined ? description : `${description} Unit: ${unit}.`,
    ...(advice === undefined ? [] : [advice]),
    ...(fallback === undefined ? [] : [`@defaultValue \`${fallback}\``]),
  ];
  const lines = paragraphs.flatMap((paragraph, index) => [...(index > 0 ? [""] : []), ...wrapped(paragraph)]);
  if (lines.length === 1) return `/** ${lines[0]} */`;
  return `/**\n${lines.map((line) => ` *${line === "" ? "" : ` ${line}`}`).join("\n")}\n */`;
}

/** A paragraph in lines of at most 112 characters. */
const wrapped = (paragraph: string): string[] =>
  [...paragraph.matchAll(/(\S.{0,111})(?:\s+|$)/g)].map(([, line]) => line);
