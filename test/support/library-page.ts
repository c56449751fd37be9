/** @file A page in which tests and benchmarks import `strata-vae/web`. */
declare global {
  /** In pages of tests: imports the library. Written `import`, it would be the test runner's. */
  function importStrata(url: string): Promise<typeof import("../../src/exports/web.js")>;
}

/** A page whose scripts can import the library. */
export const LIBRARY_PAGE = `<!doctype html><html lang="en"><title>A page</title><script>const importStrata = (url) => import(url);</script>`;
