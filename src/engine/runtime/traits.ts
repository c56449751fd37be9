/** @file What devices can do, and how they like their programs: all that the code above a runtime may ask about one. */

/** What programs run on. */
export type DeviceName = "cpu" | "webgpu" | "xla";

export interface DeviceTraits {
  /** Arrays are ordinary memory, which functions can change in place. */
  inPlace: boolean;
  /** Programs may compute in float64. */
  float64: boolean;
  /** Arrays may be kept in bfloat16. */
  bfloat16: boolean;
  /** Work is queued: a run is answered before it is done, and results are waited for when they are read. */
  queues: boolean;
  /** What a run of a program takes of the device's memory is known once it is compiled. */
  tellsMemory: boolean;
  /** Models in ONNX's form run as they are. */
  runsOnnx: boolean;
  /** Results may be written where an argument lay that nobody needs any more. */
  donates: boolean;
  /** Programs may draw random numbers by key. */
  drawsNoise: boolean;
  /** Arrays that never change make programs faster as part of them. */
  foldsConstants: boolean;
  /** Every array of a program costs time, so parameters are kept as a few long ones. */
  packs: boolean;
}

/** The traits of every device. */
export const deviceTraits: Readonly<Record<DeviceName, DeviceTraits>> = {
  cpu: {
    inPlace: true,
    float64: true,
    bfloat16: true,
    queues: false,
    tellsMemory: false,
    runsOnnx: true,
    donates: false,
    drawsNoise: false,
    foldsConstants: true,
    packs: true,
  },
  xla: {
    inPlace: false,
    float64: true,
    bfloat16: true,
    queues: true,
    tellsMemory: true,
    runsOnnx: false,
    donates: true,
    drawsNoise: true,
    foldsConstants: false,
    packs: false,
  },
  webgpu: {
    inPlace: false,
    float64: false,
    bfloat16: false,
    queues: false,
    tellsMemory: false,
    runsOnnx: true,
    donates: false,
    drawsNoise: false,
    foldsConstants: true,
    packs: true,
  },
};
