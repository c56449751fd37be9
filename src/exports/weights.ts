/** @file `strata-vae/weights`: weights of other programs in, ours out. */
export type { HubOptions } from "../io/hub/access.js";
export { pushToHub, type Upload } from "../io/hub/upload.js";
export { type CardOptions, runCard } from "../sharing/run-card.js";
export {
  filesOf,
  isOwnFile,
  type SharedFolderOptions,
  type SharedFormat,
  writeSharedFolder,
} from "../sharing/shared-folder.js";
export { type SavedWeights, saveModel } from "../training/run/save-model.js";
export { describeWeightsFile, type FileDescription } from "../weights/describe-file.js";
export { exportOnnx } from "../weights/onnx/export-onnx.js";
export { type ForeignWeights, type ReadWeightsOptions, readWeights } from "../weights/read-weights.js";
export { type ExportWebOptions, exportWeb } from "../weights/web/export-web.js";
export { writeSafetensors, writeTorch } from "../weights/write-weights.js";
