/** @file The engine a command computes on. */
import { Runtime } from "../engine/index.js";
import type { Context } from "./command.js";

/** A runtime with the threads that were asked for. The command disposes it. */
export const createRuntime = ({ threads }: Context): Runtime => new Runtime({ threads });
