import { expect, test, vi } from "vitest";
import { UserError } from "../errors.js";
import { loadingError, reportFailure } from "./failure.js";

/** What is printed of an error, and the exit code. */
function reported(error: unknown) {
  const spy = vi.spyOn(console, "error").mockImplementation(() => {});
  try {
    const code = reportFailure(error);
    return { code, text: spy.mock.calls.map(([part]) => (part instanceof Error ? part.stack : part)).join("\n") };
  } finally {
    spy.mockRestore();
  }
}

const systemError = (code: string, fields: object) =>
  Object.assign(new Error(`${code}: as the system says`), { code, ...fields });

test.each<[what: string, error: Error, sentence: string]>([
  ["bad input", new UserError("invalid-options", "Expected a, got b."), "strata: Expected a, got b."],
  [
    "a deleted working folder",
    systemError("ENOENT", { syscall: "uv_cwd" }),
    "it may have been deleted. Change to another",
  ],
  ["too few open files", systemError("EMFILE", { path: "a" }), "Raise the limit: ulimit -n"],
  ["too little memory", new RangeError("Array buffer allocation failed"), "Expected more memory than there is"],
  ["a file of another user", systemError("EACCES", { path: "/a/b" }), "Expected to use /a/b, but that failed: EACCES"],
])("%s is one sentence without a stack, and exit code 2", (_, error, sentence) => {
  const { code, text } = reported(error);
  expect(code).toBe(2);
  expect(text).toContain(sentence);
  expect(text).not.toContain("\n");
});

test.each([
  new TypeError("x is undefined"),
  new RangeError("precision out of range"),
  systemError("ENOENT", { path: "a" }),
])("%s is ours: a stack, and exit code 1", (error) => {
  const { code, text } = reported(error);
  expect(code).toBe(1);
  expect(text).toContain("internal error");
  expect(text).toContain(error.stack!);
});

test("what failed first is told, though closing failed too", async () => {
  const work = () => {
    using _ = {
      [Symbol.dispose]() {
        throw new Error("closing failed");
      },
    };
    throw new UserError("damaged", "Expected a, got b.");
  };
  const error = await Promise.resolve()
    .then(work)
    .catch((thrown: unknown) => thrown);
  expect(reported(error)).toEqual({ code: 2, text: "strata: Expected a, got b." });
});

test("what keeps the program from loading is named where a limit explains it", () => {
  const error = new Error("Cannot find package");
  const limits = (userLimits: object) => vi.spyOn(process.report, "getReport").mockReturnValue({ userLimits });
  limits({ open_files: { soft: 128 } });
  expect(loadingError(error).message).toContain("the limit is 128. Raise it: ulimit -n 1024");
  limits({ open_files: { soft: 20_000 }, virtual_memory_kbytes: { soft: 2 ** 32 } });
  expect(loadingError(error).message).toContain("ulimit -v limits them");
  limits({ open_files: { soft: 20_000 }, virtual_memory_kbytes: { soft: "unlimited" } });
  expect(() => loadingError(error)).toThrow(error);
  vi.restoreAllMocks();
});
