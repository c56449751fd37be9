/** @file Links between files of the repository, made links between pages of the site. */
import { posix, relative } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { isRelative, linkTarget, pages, repository, sitePath, sourcePage } from "./repository.js";

/** What VitePress tells of the page that it renders. */
interface Page {
  path: string;
  /** Path of the file, where the page stands elsewhere. */
  realPath?: string;
}

/** Rewrites relative links of a page that people wrote; throws where one leads nowhere. */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.after("inline", "repository_links", ({ tokens, env }) => {
    const { path, realPath = path } = env as Page;
    const from = relative(repository, realPath).replaceAll("\\", "/");
    if (!pages.includes(from)) return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === "link_open" ? token.attrGet("href") : null;
      if (link && isRelative(link)) token.attrSet("href", siteLink(from, link));
    }
  });
}

function siteLink(from: string, link: string): string {
  const [, path, place] = /^([^#]*)(.*)$/.exec(link)!;
  const target = linkTarget(from, path);
  const page = pages.includes(target) ? target : sourcePage(target);
  return posix.relative(posix.dirname(sitePath(from)), sitePath(page)) + place;
}
