/** @file The sections of the site. A page of `docs` that no section names is at the end of the guide. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { pages, pageTitle, repository, sitePath } from "./repository.js";

const guide = "Guide";

const sections: [name: string, files: string[]][] = [
  [
    "Start",
    [
      "README.md",
      "docs/getting-started.md",
      "docs/studio.md",
      "docs/installing.md",
      "docs/glossary.md",
      "CHANGELOG.md",
    ],
  ],
  [
    guide,
    [
      "docs/data.md",
      "docs/glyphs.md",
      "docs/guidance.md",
      "docs/calibration.md",
      "docs/hierarchy.md",
      "docs/cascade.md",
      "docs/refinement.md",
      "docs/evaluation.md",
      "docs/heads.md",
      "docs/latents.md",
      "docs/tuning.md",
      "docs/web.md",
    ],
  ],
  ["Reference", ["docs/command-line.md", "docs/settings.md", "docs/library.md"]],
  ["The paper", ["docs/paper-map.md", "docs/method.md", "docs/results.md", "docs/research.md", "docs/reproduce.md"]],
  [
    "Internals",
    [
      "ARCHITECTURE.md",
      "docs/extending.md",
      "docs/benchmarks.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "docs/decisions/README.md",
    ],
  ],
];

/** Pages of a folder stand below its README. */
const below = (file: string) => pages.filter((page) => isBelow(page, file)).sort();

const isBelow = (page: string, file: string) =>
  file.endsWith("/README.md") && page !== file && page.startsWith(file.replace("README.md", ""));

const named = new Set(sections.flatMap(([, files]) => files));
const others = pages
  .filter((page) => page.startsWith("docs/") && !named.has(page) && ![...named].some((file) => isBelow(page, file)))
  .sort();

const item = (file: string) => ({ text: pageTitle(file), link: `/${sitePath(file)}` });

interface Section {
  text: string;
  items: { text: string; link: string }[];
}

const api = { text: "API", link: "/api/index.md" };

const contents: Section[] = sections.map(([name, files]) => {
  const shown = [...files, ...(name === guide ? others : [])].filter((file) => pages.includes(file));
  return {
    text: name,
    items: [
      ...shown.map((file) => ({
        ...item(file),
        ...(below(file).length && { collapsed: true, items: below(file).map(item) }),
      })),
      ...(name === "Reference" ? [api] : []),
    ],
  };
});

/** A section leads to its first page, and is the current one on all of its pages. */
export const nav: DefaultTheme.NavItem[] = contents.map(
  ({ text, items }): DefaultTheme.NavItem => ({
    text,
    link: items[0].link,
    activeMatch: `^(${items.map(({ link }) => address(link)).join("|")})`,
  }),
);

// A page of its own, which `npm run site` puts beside the documentation.
const { STRATA_SITE_PLAY: play } = process.env;
if (play) nav.push({ text: "Play", link: `/${play}/index.html`, target: "_self" });

/** The address of a page, as a regular expression. */
function address(link: string): string {
  if (link === "/index.md") return "/(index\\.html)?$";
  return link.replace(/index\.md$/, "").replace(/\.md$/, "\\.html");
}

const names = readFileSync(join(repository, "site", "api", "sidebar.json"), "utf8");

/** All sections on pages that people wrote; the names of each entry point on those of the API. */
export const sidebar: DefaultTheme.Sidebar = { "/": contents, "/api/": [api, ...JSON.parse(names)] };
