import { expect, test } from "vitest";
import { programName } from "./invocation.js";

const exec = { npm_command: "exec", npm_lifecycle_event: "npx" };

test("suggested commands begin as the user's own did", () => {
  expect(programName({}, "/usr/local/bin/strata")).toBe("strata");
  expect(programName({}, "/usr/local/bin/strata-vae")).toBe("strata-vae");
  expect(programName({}, "/repository/dist/cli/main.js")).toBe("strata");
  expect(programName(exec, "/project/node_modules/.bin/strata")).toBe("npx strata");
  expect(programName(exec, "/home/me/.npm/_npx/1/node_modules/.bin/strata-vae")).toBe("npx strata-vae");
  expect(programName(exec, "C:\\project\\node_modules\\strata-vae\\dist\\cli\\main.js")).toBe("npx strata-vae");
});

test("a script of the repository is called by npm run, one of the user's own package is none of ours", () => {
  const script = { npm_command: "run-script", npm_lifecycle_event: "demo" };
  const ours = { ...script, npm_package_name: "strata-vae" };
  expect(programName(ours, "/repository/src/cli/main.ts")).toBe("npm run strata --");
  const theirs = { ...script, npm_package_name: "photos" };
  expect(programName(theirs, "/photos/node_modules/.bin/strata")).toBe("npx strata");
});
