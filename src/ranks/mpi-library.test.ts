import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { candidates, namesOf, openMpi } from "./mpi-library.js";

const folder = mkdtempSync(join(tmpdir(), "strata-mpi-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the library beside the launcher comes before those that the system knows", () => {
  for (const name of ["bin", "lib"]) mkdirSync(join(folder, name));
  const beside = join(folder, "lib", "libmpi.so.12");
  writeFileSync(beside, "");
  const found = candidates({ kind: "MPICH" }, { platform: "linux", parent: join(folder, "bin", "hydra_pmi_proxy") });
  expect(found).toEqual([beside, "libmpi.so.12", "libmpich.so.12", "libmpi_abi.so.0", "libmpi_abi.so.1"]);
});

test("under PMIx the library is anybody's, on a Mac it ends otherwise", () => {
  const linux = candidates({ kind: "PMIx" }, { platform: "linux" });
  expect(linux[0]).toBe("libmpi.so.40");
  expect(linux).toEqual(expect.arrayContaining(["libmpi.so.12", "libmpi_abi.so.0"]));
  expect(candidates({ kind: "Open MPI" }, { platform: "darwin" })[0]).toBe("libmpi.40.dylib");
});

test("handles are addresses, numbers, or those of the standard ABI", () => {
  const lookup = (symbol: string) => BigInt(symbol.length);
  expect(namesOf("Open MPI v5.0.6, package: …", lookup, false)).toMatchObject({
    kind: "Open MPI",
    world: 19n,
    byte: 13n,
  });
  for (const version of [
    "MPICH Version: 4.0.2",
    "Intel(R) MPI Library 2021.10",
    "MVAPICH Version: 4.0",
    "MPI VERSION : CRAY MPICH version 8.1",
  ]) {
    expect(namesOf(version, lookup, false)).toMatchObject({
      kind: "MPICH",
      world: 0x44000000n,
      byte: 0x4c00010dn,
      statusIgnore: 1n,
    });
  }
  expect(namesOf("MPICH Version: 5.0.0", lookup, true)).toMatchObject({
    kind: "MPI ABI",
    world: 0x101n,
    byte: 0x247n,
    funneled: 1024n,
  });
  expect(namesOf("LAM/MPI 7", lookup, false)).toBeUndefined();
});

test("a library that is not there, or is no MPI, is said with where it was looked for", () => {
  const named = (path: string) => () => openMpi({ kind: "MPICH" }, { STRATA_MPI_LIBRARY: path });
  expect(named("/nowhere/libmpi.so")).toThrow(
    /^Expected the library of MPICH at \/nowhere\/libmpi\.so, as STRATA_MPI_LIBRARY says, got: /,
  );
  expect(named("libm.so.6")).toThrow("MPI_Get_library_version");
});
