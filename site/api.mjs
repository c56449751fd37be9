/** @file Writes the pages of the API, by TypeDoc, for every entry point that package.json exports. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, Comment, Converter, OptionDefaults, SignatureReflection } from "typedoc";
import { MarkdownRendererEvent } from "typedoc-plugin-markdown";

const site = dirname(fileURLToPath(import.meta.url));
const repository = dirname(site);
const out = join(site, "api");

const { name: packageName, exports } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

/** What a program imports, for example `strata-vae/engine`, by the name that TypeDoc has for its file, `exports/engine`. */
const entryPoints = new Map(
  Object.entries(exports).flatMap(([path, { types = "" }]) => {
    const file = /^\.\/dist\/types\/(.*)\.d\.ts$/.exec(types); // package.json and schemas have no types
    return file ? [[file[1], posix.join(packageName, path)]] : [];
  }),
);

rmSync(out, { recursive: true, force: true });
const app = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
  entryPoints: [...entryPoints.keys()].map((file) => join(repository, "src", `${file}.ts`)),
  tsconfig: join(site, "tsconfig.json"),
  skipErrorChecking: true, // the product's own compiler checks, which is a later one
  name: "API",
  readme: "none",
  out,
  sidebar: { autoConfiguration: false },
  sortEntryPoints: false,
  logLevel: "Warn",
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  disableSources: true,
  excludeInternal: true,
  blockTags: [...OptionDefaults.blockTags, "@file"],
  excludeTags: [...OptionDefaults.excludeTags, "@file"], // of the file, not of the first name in it
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  propertyMembersFormat: "table",
  indexFormat: "table",
});

/**
 * Names the objects that a function takes apart in its head, which have no name there. `@param` may name a property, which is then
 * the object's, or an object as a whole.
 */
function nameObjects(_, signature) {
  if (!(signature instanceof SignatureReflection)) return;
  const { parameters = [], comment } = signature;
  const isNamed = (name) => parameters.some((parameter) => parameter.name === name);
  let tags = comment?.blockTags.filter(({ tag, name }) => tag === "@param" && !isNamed(name)) ?? [];
  const objects = parameters.filter(({ name }) => name === "__namedParameters");
  const describe = (object, described) => {
    object.name = ["options", "parameters", "object"].find((name) => !isNamed(name));
    for (const tag of described) tag.name = `${object.name}.${tag.name}`;
    tags = tags.filter((tag) => !described.includes(tag));
  };
  for (const object of objects) {
    const names = properties(object.type);
    const described = tags.filter(({ name }) => names.includes(name));
    if (described.length > 0) describe(object, described);
  }
  for (const object of objects.filter(({ name }) => name === "__namedParameters")) {
    if (tags.length === 1) object.name = tags.pop().name;
    else describe(object, tags);
  }
}

/** @returns the properties that an object of this type can have */
function properties(type) {
  if (type.type === "reflection") return (type.declaration.children ?? []).map(({ name }) => name);
  if (type.type === "reference") return (type.reflection?.children ?? []).map(({ name }) => name);
  return (type.types ?? []).flatMap(properties);
}

app.converter.on(Converter.EVENT_RESOLVE, nameObjects, 1000); // before TypeDoc looks for the parameters

const project = await app.convert();
if (!project) throw new Error("TypeDoc could not read the entry points.");
for (const module of project.children) {
  const source = readFileSync(join(repository, "src", `${module.name}.ts`), "utf8");
  const [, text] = /^\/\*\*\s+(?:\* )?@file (.*?)\s*\*\//s.exec(source);
  module.comment = new Comment([{ kind: "text", text: text.replace(/\n \* /g, "\n") }]);
  module.name = entryPoints.get(module.name);
}
app.renderer.on(MarkdownRendererEvent.END, ({ project }) => {
  const { router } = app.renderer;
  const entry = (reflection) => ({ text: reflection.name, link: `/api/${router.getFullUrl(reflection)}` });
  const sidebar = project.children.map((module) => ({
    ...entry(module),
    collapsed: true,
    items: module.children.map(entry).sort((a, b) => a.text.localeCompare(b.text)),
  }));
  writeFileSync(join(out, "sidebar.json"), JSON.stringify(sidebar));
});

await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
