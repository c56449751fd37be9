export interface BestStep {
    step: number;
    bitsPerDim: number;
}

export declare class Cascade implements ImageSampler {
    #private;
    readonly base: Sampler;
    readonly enlarger: Sampler;
    readonly enlarging: EnlargingOptions;
    readonly resolution: number;
    constructor(base: Sampler, enlarger: Sampler, enlarging?: EnlargingOptions);
    sample(options: SampleOptions): Promise<Samples>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export interface CollectOptions {
    resolution: number;
    name?: string;
    signal?: AbortSignal;
    onProgress?: (images: number) => void;
}

export type Config = Omit<z.output<typeof configSchema>, "objective"> & {
    objective: ObjectiveConfig;
}

export type ConfigInput = PresetConfigInput | CustomConfigInput

export interface CustomConfigInput extends Omit<CompleteConfigInput, "preset"> {
    preset?: typeof CUSTOM_PRESET;
}

export interface DataSet extends Record<Split, ImageSet> {
    skipped: {
        file: string;
        reason: string;
    }[];
    unused: UnusedFiles[];
}

export interface DataSummary {
    name: string;
    count: number;
    classes: string[];
    classCounts: number[];
}

export interface DivergenceDiagnosis extends Counters {
    reason: SkipReason;
    losses: Pick<StepReport, "lossNats" | "distortionNats" | "klNats" | "klWeightedNats" | "spectral">;
    gradientNorm: number;
    largestAllowed: number;
    learningRate: number;
    groups: {
        index: number;
        resolution: number;
        klNats: number;
    }[];
    gradients: LayerNorm[];
    weights: LayerNorm[];
    checkpoint: string | null;
}

export interface DrawFormationOptions extends Omit<ReconstructOptions, "groups" | "priorTemperature"> {
    stages?: readonly number[];
}

export interface EnlargingOptions {
    guidance?: Guidance;
    temperature?: Temperature;
}

export interface FoundClass {
    label: number;
    notice?: string;
}

export interface GridOptions {
    scale?: number;
    rowLabels?: string[];
    columnLabels?: string[];
}

export type Guidance = {
    mean: number;
    variance: number;
} | {
    resolution: number;
    mean: number;
    variance: number;
}[]

export interface GuidanceReport {
    clamped: number;
    invalid: number;
    guidedDimensions: number;
}

export type GuidanceRule = "extrapolate" | "product"

export interface ImageSampler {
    readonly resolution: number;
    sample(options: SampleOptions): Promise<Samples>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export interface ImageSet<Images extends Uint8Array | PackedImages = Uint8Array | PackedImages> {
    name: string;
    resolution: number;
    count: number;
    classes: string[];
    images: Images;
    labels: Int32Array;
    digest?: string;
}

export type InformationScheduleConfig = z.output<Schedules[keyof Schedules]["schema"]>

export interface LabelledPictures extends Pictures {
    labels?: Int32Array;
}

export type Latents = Float32Array[]

export interface LatentsOptions {
    seed?: number;
    batch?: number;
    runtime?: Runtime;
    signal?: AbortSignal;
}

export interface LayerNorm {
    layer: string;
    norm: number;
    nonFinite: number;
}

export type LevelConfig = z.output<typeof levelSchema>

export interface Limits {
    steps?: number;
    images?: number;
    minutes?: number;
}

export type MetricsLine = z.output<typeof metricsLine>

export type ModelConfig = z.output<typeof modelSchema>

export declare class NonFiniteOutputError extends UserError {
    name: string;
}

export type ObjectiveConfig = Omit<z.output<typeof objectiveSchema>, "informationSchedule"> & {
    informationSchedule: false | InformationScheduleConfig;
}

export interface OpenOptions extends PackOptions {
    layout?: Layout;
    onNotice?: (message: string) => void;
}

export interface OpenRunOptions {
    checkpoint?: "last" | "best" | number;
    weights?: "ema" | "raw";
    onNotice?: (message: string) => void;
    flawed?: boolean;
}

export interface OpenRuntimeOptions extends Omit<RuntimeOptions, "device"> {
    device?: "auto" | "cpu" | "webgpu";
    onNotice?: (message: string) => void;
}

export type OptimizerConfig = z.output<typeof optimizerSchema>

export interface OwnImage {
    image: Uint8Array | RawImage;
    label?: string;
    split?: Split;
}

export type ParameterTree = ModelParameters<Float32Array>

export interface ParseOptions {
    source?: string;
}

export interface Pictures {
    images: Uint8Array;
    count: number;
    resolution: number;
}

export type PlateauLine = z.output<typeof plateauLine>

export interface PresetConfigInput extends Overrides<Omit<CompleteConfigInput, "preset">> {
    preset: PresetName;
}

export type PresetName = keyof typeof inputs

export interface RawImage {
    data: Uint8Array | Uint8ClampedArray;
    width: number;
    height: number;
}

export interface ReconstructOptions {
    groups?: number;
    rateBitsPerDim?: number;
    priorTemperature?: number;
    seed?: number;
    batch?: number;
    runtime?: Runtime;
    signal?: AbortSignal;
    onProgress?: (done: number, count: number) => void;
}

export type RunLine = z.output<typeof runLine>

export declare class Runtime {
    #private;
    readonly device: DeviceName;
    readonly threads: number;
    constructor({ device, threads }?: RuntimeOptions);
    put(data: TypedArray, spec: Spec): DeviceArray;
    transfer(data: TypedArray, spec: Spec): DeviceArray;
    apply(module: URL, groups: readonly (readonly DeviceArray[])[], argument: unknown): Promise<void>;
    get closed(): boolean;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    nextId(): number;
    load(request: Omit<LoadRequest, "kind" | "program">): Promise<number>;
    unload(program: number): Promise<void>;
    request(request: Request): Promise<unknown>;
    free(array: ArrayId): void;
}

export interface RuntimeOptions {
    device?: DeviceName;
    threads?: number;
}

export interface SampleOptions {
    count: number;
    seed?: number;
    samples?: readonly number[];
    latents?: Latents;
    temperature?: Temperature;
    guidance?: Guidance;
    guidanceRule?: GuidanceRule;
    output?: OutputKind;
    labels?: Int32Array;
    lowResolution?: Float32Array;
    signal?: AbortSignal;
    onProgress?: (done: number, count: number) => void;
}

export interface SampleValues extends GuidanceReport {
    values: Float32Array;
    labels: Int32Array;
}

export declare class Sampler implements ImageSampler {
    #private;
    readonly model: TrainedModel;
    readonly batch: number;
    readonly resolution: number;
    readonly runtime: Runtime | undefined;
    constructor(model: TrainedModel, { batch, runtime }?: SamplerOptions);
    sample(options: SampleOptions): Promise<Samples>;
    values(options: SampleOptions): Promise<SampleValues>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export interface SamplerOptions {
    batch?: number;
    runtime?: Runtime;
}

export interface Samples extends Pictures, GuidanceReport {
    labels: Int32Array;
}

export type SkipLine = z.output<typeof skipLine>

export type Split = "train" | "validation" | "test"

export type Temperature = number | readonly number[] | readonly {
    resolution: number;
    temperature: number;
}[]

export type TrainLine = z.output<typeof trainLine>

export interface TrainOptions {
    config: Config;
    data: {
        train: ImageSet;
        validation: ImageSet;
    };
    out: string;
    resume?: boolean;
    initial?: ParameterTree;
    limit?: Limits;
    runtime?: Runtime;
    signal?: AbortSignal;
    onEvent?: TrainingEventListener;
}

export interface TrainResult {
    step: number;
    images: number;
    updates: number;
    skips: number;
    seconds: number;
    dataWaitShare: number;
    interrupted: boolean;
    checkpoint: string;
    best: BestStep | null;
}

export interface TrainedModel {
    config: Config;
    parameters: ParameterTree;
    step: number;
    data: DataSummary;
}

export type TrainingConfig = z.output<typeof trainingSchema>

export type TrainingEvent = {
    type: "start";
    config: Config;
    run: RunLine;
    step: number;
    totalSteps: number | null;
} | ({
    type: "progress";
} & TrainingProgress) | {
    type: "metrics";
    line: TrainLine;
} | {
    type: "validation";
    line: ValidationLine;
} | {
    type: "skip";
    line: SkipLine;
} | {
    type: "pictures";
    step: number;
    samples: Pictures;
    originals: Pictures;
    reconstructions: Pictures;
} | {
    type: "checkpoint";
    step: number;
    folder: string;
} | {
    type: "waiting";
    saved?: {
        step: number;
        folder: string;
    };
} | {
    type: "notice";
    message: string;
}

export interface TrainingProgress {
    step: number;
    images: number;
    seconds: number;
    imagesPerSecond: number;
    lossNats: number;
    distortionNats: number;
    klNats: number;
    skips: number;
    share: number;
    secondsLeft: number;
}

export interface TrainingRun extends Promise<TrainResult>, AsyncIterable<TrainingEvent> {
}

export declare class TrainingStopped extends UserError {
    name: string;
}

export declare class UserError extends Error {
    name: string;
}

export type ValidationLine = z.output<typeof validationLine>

export declare function applySettings(config: Config, settings: string[]): Config

export declare function collectImages(images: AsyncIterable<OwnImage> | Iterable<OwnImage>, { resolution, name, signal, onProgress }: CollectOptions): Promise<DataSet>

export declare const defineConfig: (input: ConfigInput) => Config

export declare function drawFormation(model: TrainedModel, from: LabelledPictures | number, options?: DrawFormationOptions): Promise<Pictures[]>

export declare function findClass(word: string, { config, data }: Pick<TrainedModel, "config" | "data">): FoundClass

export declare function formationGrid(stages: Pictures[], options?: GridOptions): Promise<Uint8Array>

export declare function imageGrid(pictures: Pictures, columns: number, options?: GridOptions): Promise<Uint8Array>

export declare const isPresetName: (word: string) => word is PresetName

export declare function latentsOf({ config, parameters }: TrainedModel, images: LabelledPictures, { seed, batch, runtime, signal }?: LatentsOptions): Promise<Latents>

export declare function openData(source: string, options: OpenOptions): Promise<DataSet>

export declare function openRun(run: string, options?: OpenRunOptions): Promise<TrainedModel>

export declare function openRuntime({ device, onNotice, ...options }?: OpenRuntimeOptions): Promise<Runtime>

export declare const parseConfig: (json: unknown, options?: ParseOptions) => Config

export declare function parsePresetName(word: string): PresetName

export declare const presetNames: PresetName[]

export declare const presets: Readonly<Record<PresetName, Config>>

export declare function readImageFile(path: string, resolution: number): Promise<Uint8Array>

export declare function readMetrics(path: string): MetricsLine[]

export declare function reconstruct(model: TrainedModel, images: LabelledPictures, options?: ReconstructOptions): Promise<Pictures>

export declare function reconstructionGrid(originals: Pictures, reconstructions: Pictures, columns: number, options?: GridOptions): Promise<Uint8Array>

export declare const resolvePreset: (name: PresetName) => Config

export declare function toPng(pictures: Pictures, index?: number): Promise<Uint8Array>

export declare function toRgba({ images, count, resolution }: Pictures, index?: number): {
    data: Uint8ClampedArray<ArrayBuffer>;
    width: number;
    height: number;
}

export declare function train(options: TrainOptions): TrainingRun

export declare const version = "0.1.0"
