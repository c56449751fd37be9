/** @file What the site shows of the repository: its pages, where each one stands, and the source files that they link to. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

const read = (file: string) => readFileSync(join(repository, file), "utf8");

const isMarkdown = (file: string) => file.endsWith(".md");

/** Pages that people wrote, as paths in the repository: those at its root, and everything in `docs`. */
export const pages = [
  ...readdirSync(repository).filter(isMarkdown),
  ...readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" })
    .filter(isMarkdown)
    .map((file) => posix.join("docs", file.replaceAll("\\", "/"))),
];

/** What is no page of the site, for VitePress, which finds the pages by itself. */
export const otherFiles = [
  "!(docs|site)/**/*",
  "{bench,datasets,examples,pretrained,src,test}/**",
  "site/node_modules/**",
];

/** Where a Markdown file stands in the site: a README is the page of its folder, generated pages stand without `site/`. */
export function sitePath(file: string): string {
  if (file.endsWith("README.md")) return file.replace(/README\.md$/, "index.md");
  return file.includes("/") ? file.replace(/^site\//, "") : file.toLowerCase();
}

/** The page that shows a source file or a folder of them. */
export const sourcePage = (path: string) => `site/source/${path}.md`;

/** The heading of a page. */
export function pageTitle(file: string): string {
  const heading = /^# (.+)$/m.exec(read(file));
  if (!heading)
    throw new Error(`${file} has no heading, so the site has no name for it. Begin it with a line "# Name".`);
  return heading[1].replaceAll("`", "");
}

/**
 * The file or folder that a relative link leads to.
 *
 * @param from - the file with the link, as a path in the repository
 * @throws Error when nothing is there
 */
export function linkTarget(from: string, link: string): string {
  const target = posix.join(dirname(from), decodeURI(link)).replace(/\/$/, "");
  if (!existsSync(join(repository, target))) throw new Error(`${from} links to ${link}, which is not there.`);
  return target;
}

/** Whether a link leads to a file of the repository: not to another host, another place of the page, or a path of the site. */
export const isRelative = (link: string) => !/^([a-z][a-z+.-]*:|#|\/)/i.test(link);

/** Source files that pages link to, and those in folders that they link to, with the Markdown of the page that shows each. */
export function sourcePages(): Map<string, string> {
  const shown = new Map<string, string>();
  for (const page of pages) {
    for (const [, link] of read(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (!isRelative(link)) continue;
      const target = linkTarget(page, link);
      if (statSync(join(repository, target)).isDirectory()) {
        const files = readdirSync(join(repository, target), { withFileTypes: true }).filter((entry) => entry.isFile());
        for (const { name } of files) shown.set(`${target}/${name}`, showFile(`${target}/${name}`));
        shown.set(
          target,
          showFolder(
            target,
            files.map(({ name }) => name),
          ),
        );
      } else if (!/\.(md|png|svg)$/.test(target)) shown.set(target, showFile(target));
    }
  }
  return shown;
}

function showFile(path: string): string {
  const language = /\.(\w+)$/.exec(path)?.[1] ?? "txt";
  return `# ${posix.basename(path)}\n\n\`${path}\`\n\n\`\`\`\`\`\`${language}\n${read(path).trimEnd()}\n\`\`\`\`\`\`\n`;
}

function showFolder(path: string, files: string[]): string {
  const items = files.map((name) => `- [${name}](/source/${path}/${name}.md)`);
  return `# ${path}\n\n${items.join("\n")}\n`;
}
