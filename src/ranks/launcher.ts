/** @file What has started this process beside others, as its environment tells. */
import { UserError } from "../errors.js";

/** A launcher of several processes. */
export interface Launcher {
  /** Whose MPI it starts: that of Open MPI, that of MPICH and its relatives, or any that asks a PMIx server, as under Slurm. */
  kind: "Open MPI" | "MPICH" | "PMIx";
  /** Number of this process, from 0. */
  rank: number;
  /** How many there are, where it says. */
  size?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The launcher of this process; undefined where there is none, or it has started one process only. */
export function launcherOf(env: Environment = process.env): Launcher | undefined {
  const launcher =
    told("Open MPI", env.OMPI_COMM_WORLD_RANK, env.OMPI_COMM_WORLD_SIZE) ??
    told("MPICH", env.PMI_RANK, env.PMI_SIZE) ??
    told("PMIx", env.PMIX_RANK, env.SLURM_STEP_NUM_TASKS);
  return launcher?.size === 1 ? undefined : launcher;
}

function told(kind: Launcher["kind"], rank: string | undefined, size: string | undefined): Launcher | undefined {
  if (rank === undefined || !/^\d+$/.test(rank)) return undefined;
  return { kind, rank: Number(rank), ...(size !== undefined && /^\d+$/.test(size) ? { size: Number(size) } : {}) };
}

/** Whether this process does what another one asks: it has nothing to say unless something fails. */
export const isFollower = (env: Environment = process.env): boolean => (launcherOf(env)?.rank ?? 0) > 0;

/**
 * Checks that tasks of Slurm can talk to each other.
 *
 * @throws UserError when `srun` has started several without MPI, all of which would do the same
 */
export function expectMpi(env: Environment = process.env): void {
  const tasks = Number(env.SLURM_STEP_NUM_TASKS);
  const byMpi = [env.PMIX_RANK, env.PMI_RANK, env.OMPI_COMM_WORLD_RANK].some((rank) => rank !== undefined);
  if (!(tasks > 1) || byMpi) return;
  throw new UserError(
    "environment",
    `Expected tasks that can talk to each other by MPI, but srun has started ${tasks} without it. ` +
      "Add --mpi=pmix (srun --mpi=list names what there is), or start one task.",
  );
}
