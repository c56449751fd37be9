/** @file The thread that calls MPI, whose functions block; it alone does. */
import { workerData } from "node:worker_threads";
import { STOPPED, type ThreadData } from "../thread.js";
import { serve } from "../thread-service.js";
import { mpiService } from "./mpi-service.js";
import type { MpiRequest, MpiSettings } from "./protocol.js";

const { control } = workerData as ThreadData;

await serve<MpiSettings, MpiRequest>((settings) => mpiService(settings, () => Atomics.load(control, STOPPED) !== 0));
