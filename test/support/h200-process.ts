/**
 * @file A process that compiles a preset's training step for H200s, and prints a `Compiled` as JSON:
 * node --import tsx h200-process.ts PLUGIN PRESET BATCH PRECISION DEVICES
 */
import { parseConfig, resolvePreset } from "../../src/config/index.js";
import { prepare } from "../../src/engine/compile.js";
import { deviceTraits, leaves } from "../../src/engine/index.js";
import { stableHloTarget } from "../../src/engine/stablehlo/target.js";
import { gradientsFunction } from "../../src/training/gradients.js";
import { compileForH200 } from "./h200.js";

const [plugin, name, batch, precision, devices] = process.argv.slice(2);
const preset = resolvePreset(name as never);
const size = { batchSize: Number(batch), microBatchSize: Number(batch) };
const config = parseConfig({ ...preset, training: { ...preset.training, ...size } }, { source: name });
const { fn, args, rematerialise } = gradientsFunction(config, deviceTraits.xla);
const target = stableHloTarget(precision as "float32", Number(devices));
const { graph } = prepare(fn, args, { target, rematerialise });
/** Images and noise, which come after parameters and spectral vectors. */
const rows = args.flatMap((arg, index) => leaves(arg).map(() => index >= 2));
const divided = new Set(rows.flatMap((isRows, input) => (isRows ? [input] : [])));
const { code } = await target.lower(graph, { donated: new Map(), divided });
const compiled = compileForH200(plugin, Buffer.from(code).toString(), Number(devices));
process.stdout.write(JSON.stringify(compiled));
process.exit(0); // XLA's threads remain
