/**
 * @file The Inception network of 2015 as the Fréchet Inception Distance uses it, as one table (Szegedy et al., arXiv 1512.00567;
 * the graph `classify_image_graph_def.pb`, with the names of its conversion for PyTorch).
 *
 * It differs from the InceptionV3 that libraries ship: means over windows leave padding out, the last block takes the largest
 * where the others take the mean, there are 1,008 classes and no auxiliary classifier.
 */

export interface Convolution {
  kind: "convolution";
  /** Within its block; empty where it is the whole of it. */
  name: string;
  outputs: number;
  /** Height and width. */
  window: readonly [number, number];
  stride: 1 | 2;
  /** Whether the image is padded, so that it keeps its size. */
  padded: boolean;
}

export interface Pooling {
  kind: "max" | "mean";
  stride: 1 | 2;
  padded: boolean;
}

/** Branches of one input, their results one behind the other along the channels. */
interface Branches {
  kind: "branches";
  branches: readonly (readonly Step[])[];
}

export type Step = Convolution | Pooling | Branches;

/** Height and width of the images that the network takes. */
export const INPUT_SIZE = 299;
export const FEATURES = 2048;
export const CLASSES = 1008;

type Window = `${number}x${number}`;

/** A convolution, batch normalisation and ReLU; `1x7` is one pixel high. */
function conv(
  name: string,
  outputs: number,
  window: Window,
  { stride = 1, padded = stride === 1 }: { stride?: 1 | 2; padded?: boolean } = {},
): Convolution {
  const [height, width] = window.split("x").map(Number);
  return { kind: "convolution", name, outputs, window: [height, width], stride, padded };
}

/** Over windows of 3×3. */
const max: Pooling = { kind: "max", stride: 2, padded: false };
const paddedMax: Pooling = { kind: "max", stride: 1, padded: true };
const mean: Pooling = { kind: "mean", stride: 1, padded: true };

const branches = (...list: Step[][]): Branches => ({ kind: "branches", branches: list });
const halved = { stride: 2 } as const;
const unpadded = { padded: false } as const;

/** 35×35 */
const blockA = (pooled: number): Branches =>
  branches(
    [conv("branch1x1", 64, "1x1")],
    [conv("branch5x5_1", 48, "1x1"), conv("branch5x5_2", 64, "5x5")],
    [conv("branch3x3dbl_1", 64, "1x1"), conv("branch3x3dbl_2", 96, "3x3"), conv("branch3x3dbl_3", 96, "3x3")],
    [mean, conv("branch_pool", pooled, "1x1")],
  );

/** 35×35 to 17×17 */
const blockB: Branches = branches(
  [conv("branch3x3", 384, "3x3", halved)],
  [conv("branch3x3dbl_1", 64, "1x1"), conv("branch3x3dbl_2", 96, "3x3"), conv("branch3x3dbl_3", 96, "3x3", halved)],
  [max],
);

/** 17×17 */
const blockC = (width: number): Branches =>
  branches(
    [conv("branch1x1", 192, "1x1")],
    [conv("branch7x7_1", width, "1x1"), conv("branch7x7_2", width, "1x7"), conv("branch7x7_3", 192, "7x1")],
    [
      ...[conv("branch7x7dbl_1", width, "1x1"), conv("branch7x7dbl_2", width, "7x1")],
      ...[conv("branch7x7dbl_3", width, "1x7"), conv("branch7x7dbl_4", width, "7x1")],
      conv("branch7x7dbl_5", 192, "1x7"),
    ],
    [mean, conv("branch_pool", 192, "1x1")],
  );

/** 17×17 to 8×8 */
const blockD: Branches = branches(
  [conv("branch3x3_1", 192, "1x1"), conv("branch3x3_2", 320, "3x3", halved)],
  [
    ...[conv("branch7x7x3_1", 192, "1x1"), conv("branch7x7x3_2", 192, "1x7"), conv("branch7x7x3_3", 192, "7x1")],
    conv("branch7x7x3_4", 192, "3x3", halved),
  ],
  [max],
);

/** 8×8 */
const blockE = (pooling: Pooling): Branches => {
  const both = (name: string) => branches([conv(`${name}a`, 384, "1x3")], [conv(`${name}b`, 384, "3x1")]);
  return branches(
    [conv("branch1x1", 320, "1x1")],
    [conv("branch3x3_1", 384, "1x1"), both("branch3x3_2")],
    [conv("branch3x3dbl_1", 448, "1x1"), conv("branch3x3dbl_2", 384, "3x3"), both("branch3x3dbl_3")],
    [pooling, conv("branch_pool", 192, "1x1")],
  );
};

/** What the network does with an image [3, 299, 299], in order; [2048, 8, 8] comes out. */
export const layers: Readonly<Record<string, Step>> = {
  Conv2d_1a_3x3: conv("", 32, "3x3", halved), //   32 × 149²
  Conv2d_2a_3x3: conv("", 32, "3x3", unpadded), // 32 × 147²
  Conv2d_2b_3x3: conv("", 64, "3x3"), //           64 × 147²
  MaxPool_1: max, //                               64 × 73²
  Conv2d_3b_1x1: conv("", 80, "1x1"), //           80 × 73²
  Conv2d_4a_3x3: conv("", 192, "3x3", unpadded), // 192 × 71²
  MaxPool_2: max, //                              192 × 35²
  Mixed_5b: blockA(32), //                        256 × 35²
  Mixed_5c: blockA(64), //                        288 × 35²
  Mixed_5d: blockA(64), //                        288 × 35²
  Mixed_6a: blockB, //                            768 × 17²
  Mixed_6b: blockC(128), //                       768 × 17²
  Mixed_6c: blockC(160), //                       768 × 17²
  Mixed_6d: blockC(160), //                       768 × 17²
  Mixed_6e: blockC(192), //                       768 × 17²
  Mixed_7a: blockD, //                           1280 × 8²
  Mixed_7b: blockE(mean), //                     2048 × 8²
  Mixed_7c: blockE(paddedMax), //                2048 × 8²
};

/** A convolution's full name, under which its weights are kept, and the shape of its kernel [O, I, h, w]. */
export interface Unit {
  name: string;
  shape: [number, number, number, number];
}

/** All 94 convolutions, in the order of the table. */
export function units(): Unit[] {
  const found: Unit[] = [];
  /** Notes the convolutions of a step; returns how many channels come out. */
  const visit = (step: Step, layer: string, inputs: number): number => {
    if (step.kind === "branches") {
      const widths = step.branches.map((steps) => steps.reduce((width, inner) => visit(inner, layer, width), inputs));
      return widths.reduce((sum, width) => sum + width);
    }
    if (step.kind !== "convolution") return inputs;
    found.push({ name: unitName(layer, step), shape: [step.outputs, inputs, ...step.window] });
    return step.outputs;
  };
  Object.entries(layers).reduce((width, [layer, step]) => visit(step, layer, width), 3);
  return found;
}

/** `Mixed_5b.branch1x1`, or the layer's own name where a convolution is all of it. */
export const unitName = (layer: string, { name }: Convolution): string => (name === "" ? layer : `${layer}.${name}`);
