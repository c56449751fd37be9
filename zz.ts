import { inceptionExtractor } from "./src/features/inception/inception.js";
import { foldWeights } from "./src/features/inception/weights.js";
import { ruledTensors } from "./test/support/inception-weights.js";
import { Runtime } from "./src/engine/index.js";
const w = foldWeights(ruledTensors(), "x");
const batch = Number(process.argv[2] ?? 4), threads = Number(process.argv[3] ?? 1);
let t = performance.now();
const e = await inceptionExtractor(w, "0", { resolution: 32, batch, runtime: new Runtime({ threads }) });
console.log("compile", performance.now() - t);
const images = Uint8Array.from({ length: batch * 3 * 1024 }, (_, i) => (i * 7919) % 256);
for (let i = 0; i < 4; i++) { const c=process.cpuUsage(); t = performance.now(); await e.extract({ images, count: batch, resolution: 32 }); const d=process.cpuUsage(c); console.log(batch, ((performance.now() - t)/batch).toFixed(0), "ms/image", "cpu", ((d.user+d.system)/1000/batch).toFixed(0)); }
console.log(process.resourceUsage().maxRSS/1e6);
process.exit(0);
