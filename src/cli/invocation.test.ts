import { expect, test } from "vitest";
import { programName } from "./invocation.js";

test("suggested commands begin as the user's own did", () => {
  expect(programName({})).toBe("strata");
  expect(programName({ npm_command: "exec", npm_lifecycle_event: "npx" })).toBe("npx strata");
  expect(programName({ npm_command: "run-script", npm_lifecycle_event: "demo" })).toBe("npm run strata --");
});
