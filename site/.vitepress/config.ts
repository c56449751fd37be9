/** @file The documentation site: the pages of the repository where they are, and those that `api.mjs` writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitepress";
import { repositoryLinks } from "./links.js";
import { nav, sidebar } from "./navigation.js";
import { otherFiles, repository, sitePath } from "./repository.js";

const { description } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

/** Vue is imported by name: the pages of the repository do not stand above `node_modules` of the site, where it would be found. */
const vueOfTheSite: Plugin = {
  name: "vue-of-the-site",
  enforce: "pre",
  resolveId(id) {
    const named = /^vue(\/|$)/.test(id) && this.environment.name === "ssr";
    return named ? { id, external: true } : undefined;
  },
};

export default defineConfig({
  title: "Strata",
  description,
  base: "./", // any host, any folder
  srcDir: "..",
  srcExclude: otherFiles,
  rewrites: sitePath,
  vite: { plugins: [vueOfTheSite], build: { chunkSizeWarningLimit: 2000 } },
  markdown: { config: repositoryLinks },
  themeConfig: {
    nav,
    sidebar,
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        // Colours are not searched: half of the time is theirs.
        _render: (source, env, markdown) => markdown.renderAsync(source.replace(/^( *```+)\w.*$/gm, "$1"), env),
      },
    },
  },
});
