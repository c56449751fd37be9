/** @file A thread that takes a while to give back native memory, in a process that ends so many milliseconds after it was disposed. */
import { Thread } from "../../src/thread.js";

const thread = new Thread({ module: "./slow-ending-worker", caller: import.meta.url, name: "The thread" });
await thread.ask("anything");
void thread.end(new Error("disposed"));
const [, , wait] = process.argv;
if (wait === "0") process.exit(7);
setTimeout(() => process.exit(7), Number(wait));
