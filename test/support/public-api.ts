/** @file The public names of the package: what its entry points export, and where each is declared. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** A public name. */
export interface PublicName {
  name: string;
  /** The file that declares it, in the folder of the entry point. */
  file: string;
  /** Its declaration as text, from `export` to its end. */
  declaration: string;
  /** Whether a documentation comment stands above it. */
  documented: boolean;
}

/** The keywords that begin what an `export` declares. */
const KINDS = "(?:abstract class|async function|function|class|interface|type|const|enum)";

/**
 * The names that an entry point exports, in alphabetical order.
 *
 * @param entry - its file, `.ts` or `.d.ts`
 */
export function publicNames(entry: string): PublicName[] {
  return [...exportsOf(entry)]
    .map(([name, { file, local }]) => ({ name, file, ...declarationOf(file, local) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Where each exported name comes from, barrels looked through. */
function exportsOf(file: string): Map<string, { file: string; local: string }> {
  const text = read(file);
  const found = new Map<string, { file: string; local: string }>();
  for (const [, list, specifier] of text.matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g)) {
    const from = exportsOf(resolved(file, specifier));
    for (const item of list.split(",").map((each) => each.replace(/^\s*type\s/, "").trim())) {
      if (item === "") continue;
      const [local, name = local] = item.split(/\s+as\s+/);
      const origin = from.get(local);
      if (!origin) throw new Error(`${file} exports ${local}, which ${specifier} has not`);
      found.set(name, origin);
    }
  }
  for (const [, specifier] of text.matchAll(/export (?:type )?\* from "([^"]+)"/g)) {
    for (const [name, origin] of exportsOf(resolved(file, specifier))) found.set(name, origin);
  }
  for (const [, name] of text.matchAll(new RegExp(`^export (?:declare )?${KINDS}\\*? (\\w+)`, "gm"))) {
    found.set(name, { file, local: name });
  }
  return found;
}

function resolved(from: string, specifier: string): string {
  const path = normalize(join(dirname(from), specifier)).replace(/\.js$/, "");
  return [`${path}.d.ts`, `${path}.ts`].find((candidate) => existsSync(candidate))!;
}

function declarationOf(file: string, name: string): Pick<PublicName, "declaration" | "documented"> {
  const text = read(file);
  const start = new RegExp(`^export (?:declare )?${KINDS}\\*? ${name}\\b`, "m").exec(text);
  if (!start) throw new Error(`${file} does not declare ${name}`);
  const before = text.slice(0, start.index).trimEnd();
  return { declaration: text.slice(start.index, endOf(text, start.index)), documented: before.endsWith("*/") };
}

/** Where a declaration ends: at the first line after which no bracket is open and no more belongs to it. */
function endOf(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (text.startsWith("/*", at)) at = text.indexOf("*/", at) + 1;
    else if (text.startsWith("//", at)) at = text.indexOf("\n", at) - 1;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (depth === 0 && (character === ";" || (character === "\n" && text[at - 1] === "}"))) return at;
  }
  return text.length;
}

const texts = new Map<string, string>();

function read(file: string): string {
  const text = texts.get(file) ?? readFileSync(file, "utf8");
  texts.set(file, text);
  return text;
}
