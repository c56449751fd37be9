/** @file Where numbers are worked out: graphics processors have no float64. */
import { defaultRuntime, type Runtime } from "../../engine/index.js";

/** The runtime itself where it computes on the CPU, else the one that the process shares. */
export const onCpu = (runtime?: Runtime): Runtime => (runtime?.device === "cpu" ? runtime : defaultRuntime());
