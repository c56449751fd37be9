/** @file The thread that runs programs, since a run blocks the thread that calls it, and owns the arrays that stay on the device. */
import { serve } from "../../thread-service.js";
import { openDevice } from "./open-device.js";
import type { Message, WorkerSettings } from "./protocol.js";
import { runtimeService } from "./service.js";

await serve<WorkerSettings, Message>(async (settings) => runtimeService(await openDevice(settings)));
