import { expect, test } from "vitest";
import { expectMpi, isFollower, launcherOf } from "./launcher.js";

test.each([
  ["Open MPI", { OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "4", PMIX_RANK: "1" }, { rank: 1, size: 4 }],
  ["MPICH", { PMI_RANK: "0", PMI_SIZE: "2" }, { rank: 0, size: 2 }],
  ["PMIx", { PMIX_RANK: "3", SLURM_STEP_NUM_TASKS: "8" }, { rank: 3, size: 8 }],
  ["PMIx", { PMIX_RANK: "3" }, { rank: 3 }],
] as const)("%s is told by its environment: %o", (kind, env, place) => {
  expect(launcherOf(env)).toEqual({ kind, ...place });
  expect(isFollower(env)).toBe(place.rank > 0);
});

test.each([
  ["nothing", {}],
  ["one process", { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "1" }],
  [
    "a batch script of Slurm, whose variables speak of tasks that it has not started",
    { SLURM_NTASKS: "8", SLURM_PROCID: "0" },
  ],
  ["what is no number", { PMI_RANK: "first" }],
])("%s is no launcher", (_, env) => {
  expect(launcherOf(env)).toBeUndefined();
  expect(isFollower(env)).toBe(false);
  expectMpi(env);
});

test("tasks of Slurm need MPI, where there are several", () => {
  const tasks = { SLURM_STEP_NUM_TASKS: "8" };
  expect(() => expectMpi(tasks)).toThrow(expect.objectContaining({ code: "environment" }));
  expectMpi({ ...tasks, PMIX_RANK: "0" });
  expectMpi({ SLURM_STEP_NUM_TASKS: "1" });
});
