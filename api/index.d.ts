export interface BatchedOptions extends ExecutionOptions {
    batch?: number;
}

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

export interface CompleteConfigInput {
    preset?: string;
    model: ModelInput;
    objective?: ObjectiveInput;
    optimizer: OptimizerInput;
    training: TrainingInput;
}

export interface Config {
    preset: string;
    model: ModelConfig;
    objective: ObjectiveConfig;
    optimizer: OptimizerConfig;
    training: TrainingConfig;
}

export type ConfigInput = PresetConfigInput | CustomConfigInput

export interface CustomConfigInput extends Omit<CompleteConfigInput, "preset"> {
    preset?: "custom";
}

export interface DataSummary {
    name: string;
    count: number;
    classes: string[];
    classCounts: number[];
    mirrorable?: false;
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

export type ErrorCode = keyof typeof errorCodes

export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>

export interface ExecutionOptions {
    runtime?: Runtime;
    signal?: AbortSignal;
}

export interface ExplicitSchedule {
    shares: "explicit";
    values: number[];
}

export interface FirstLatents {
    readonly groups: number;
    draw(noise: readonly Float32Array[], how: FirstLatentsOptions): Promise<Float32Array[]>;
    dispose(): Promise<void>;
}

export interface FirstLatentsOptions {
    labels?: Int32Array;
    guidance?: readonly number[];
    runtime?: Runtime;
}

export type FlowLine = z.output<typeof flowLine>

export interface FoundClass {
    label: number;
    notice?: string;
}

export interface GeometricSchedule {
    shares: "geometric";
    scale: number;
    shift: number;
}

export interface GeometricScheduleInput {
    shares: "geometric";
    scale?: number;
    shift?: number;
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

export declare class Head implements PixelDraws {
    #private;
    private readonly head;
    private readonly trained;
    readonly name: HeadName;
    readonly step: number;
    constructor(head: HeadOf, trained: {
        step: number;
        weights: HeadWeights<Float32Array>;
    });
    codeLengths(decoded: Decoded<Float32Array>, images: Operand, runtime?: Runtime): Promise<Float32Array>;
    draw(decoded: Decoded<Float32Array>, how: ExecutionOptions & {
        noise: Float32Array;
    }): Promise<Float32Array>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export type HeadEvent = StageEvent<HeadLine>

export type HeadLine = z.output<typeof headLine>

export type HeadName = keyof typeof heads

export type HeadResult = StageResult

export interface ImageSampler {
    readonly resolution: number;
    sample(options: SampleOptions): Promise<Samples>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export interface ImageSet<Data extends Pixels = Pixels> extends Images<Data> {
    name: string;
    classes: string[];
    labels: Int32Array;
    mirrorable?: false;
    digest?: string;
}

export interface ImageSplits extends Record<Split, ImageSet> {
    stream?: ShardStream;
    skipped: {
        file: string;
        reason: string;
    }[];
    unused: UnusedFiles[];
}

export interface Images<Data extends Pixels = Uint8Array> {
    images: Data;
    count: number;
    resolution: number;
    labels?: Int32Array;
}

export type InformationScheduleConfig = GeometricSchedule | PerResolutionSchedule | ExplicitSchedule

export type InformationScheduleInput = GeometricScheduleInput | PerResolutionSchedule | ExplicitSchedule

export type Latents = Float32Array[]

export interface LatentsOptions extends BatchedOptions {
    seed?: number;
}

export interface LayerNorm {
    layer: string;
    norm: number;
    nonFinite: number;
}

export interface LevelConfig {
    resolution: number;
    channels: number;
    encoderBlocks: number;
    stochasticLayers: number;
    attention: number;
}

export interface LevelInput {
    resolution: number;
    channels: number;
    encoderBlocks: number;
    stochasticLayers: number;
    attention?: number;
}

export interface Limits {
    steps?: number;
    images?: number;
    minutes?: number;
}

export type MetricsLine = z.output<typeof metricsLine>

export interface ModelConfig {
    resolution: number;
    classes: number;
    latentChannels: number;
    finalBlocks: number;
    positions: boolean;
    levels: LevelConfig[];
    superResolution?: SuperResolutionConfig;
}

export interface ModelInput {
    resolution: number;
    classes?: number;
    latentChannels?: number;
    finalBlocks?: number;
    positions?: boolean;
    levels: LevelInput[];
    superResolution?: SuperResolutionInput;
}

export declare class NonFiniteOutputError extends UserError {
    name: string;
    constructor(problem: string);
}

export interface ObjectiveConfig {
    output: "gaussian" | "logistic-mixture";
    sigma: number;
    mixtures: number;
    labelDropout: number;
    spectralWeight: number;
    informationSchedule: false | InformationScheduleConfig;
}

export interface ObjectiveInput {
    output?: "gaussian" | "logistic-mixture";
    sigma?: number;
    mixtures?: number;
    labelDropout?: number;
    spectralWeight?: number;
    informationSchedule?: boolean | "on" | "off" | GeometricScheduleInput | PerResolutionSchedule | ExplicitSchedule;
}

export interface OpenHeadOptions {
    onNotice?: (message: string) => void;
}

export interface OpenOptions extends PackOptions, Reading {
    hub?: Omit<HubOptions, "signal" | "onNotice">;
    stream?: boolean;
    onNotice?: (message: string) => void;
}

export interface OpenRunOptions {
    checkpoint?: "last" | "best" | number;
    weights?: "ema" | "raw";
    onNotice?: (message: string) => void;
    flawed?: boolean;
    hub?: Omit<HubOptions, "onNotice">;
}

export interface OpenRuntimeOptions extends Omit<RuntimeOptions, "device" | "xla">, Pick<XlaOptions, "devices" | "precision"> {
    deterministic?: boolean;
    device?: "auto" | "cpu" | "webgpu" | "xla" | `xla:${string}`;
    onNotice?: (message: string) => void;
}

export interface OptimizerConfig {
    kind: "adamax" | "adam";
    startLearningRate: number;
    maxLearningRate: number;
    minLearningRate: number;
    warmupSteps: number;
    decaySteps: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    stateType: "float32" | "bfloat16";
    skipThreshold: number;
}

export interface OptimizerInput {
    kind?: "adamax" | "adam";
    startLearningRate: number;
    maxLearningRate: number;
    minLearningRate: number;
    warmupSteps?: number;
    decaySteps: number;
    beta1?: number;
    beta2?: number;
    epsilon?: number;
    stateType?: "float32" | "bfloat16";
    skipThreshold: number;
}

export interface OwnImage {
    image: Uint8Array | RawImage;
    label?: string;
    split?: Split;
}

export type ParameterTree = ModelParameters<Float32Array>

export interface ParseOptions {
    source?: string;
}

export interface PerResolutionSchedule {
    shares: "per-resolution";
    weights: ResolutionWeight[];
}

export interface PixelDraws {
    draw(decoded: {
        features: Float32Array;
        mean: Float32Array;
    }, how: ExecutionOptions & {
        noise: Float32Array;
    }): Promise<Float32Array>;
    dispose(): Promise<void>;
}

export type Pixels = Uint8Array | PackedImages

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

export interface ReconstructOptions extends BatchedOptions {
    groups?: number;
    rateBitsPerDim?: number;
    priorTemperature?: number;
    seed?: number;
    onProgress?: (done: number, count: number) => void;
}

export type RefineEvent =
{
    type: "latents";
    done: number;
    count: number;
} | StageEvent<FlowLine>

export interface RefineOptions extends ExecutionOptions {
    images: ImageSet;
    out: string;
    groups?: number;
    draws?: number;
    seed?: number;
    resume?: boolean;
    limit?: Limits;
    signal?: AbortSignal;
    onEvent?: (event: RefineEvent) => void | Promise<void>;
}

export type RefineProgress = StageProgress

export type RefineResult = StageResult

export declare class Refinement implements FirstLatents {
    #private;
    private readonly refined;
    private readonly flow;
    readonly groups: number;
    readonly step: number;
    readonly steps: number;
    readonly guidance: number;
    readonly digest: string;
    constructor(refined: Refined, flow: Flow & {
        step: number;
    }, { steps, guidance }: RefinementOptions);
    draw(noise: readonly Float32Array[], how?: FirstLatentsOptions): Promise<Float32Array[]>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export interface RefinementOptions {
    steps?: number;
    guidance?: number;
}

export interface ResolutionWeight {
    resolution: number;
    weight: number;
}

export type RunLine = z.output<typeof runLine>

export declare class Runtime {
    #private;
    readonly device: DeviceName;
    readonly threads: number;
    readonly precision: Precision;
    readonly plugin: string | undefined;
    constructor({ device, threads, xla, onNotice }?: RuntimeOptions);
    get lanes(): number;
    shareRuns(pool: RunPool): void;
    get traits(): DeviceTraits;
    put(data: TypedArray, spec: Spec): DeviceArray;
    transfer(data: TypedArray, spec: Spec): DeviceArray;
    apply(module: URL, groups: readonly (readonly DeviceArray[])[], argument: unknown): Promise<void>;
    describe(): Promise<DeviceDescription>;
    get closed(): boolean;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    nextId(): number;
    load(request: Omit<LoadRequest, "kind" | "program">): Promise<LoadedProgram>;
    unload(program: number): Promise<void>;
    request(request: Request): Promise<unknown>;
    free(array: ArrayId): void;
}

export interface RuntimeOptions {
    device?: DeviceName;
    threads?: number;
    xla?: XlaOptions;
    onNotice?: (message: string) => void;
}

export interface SampleOptions extends Pick<ExecutionOptions, "signal"> {
    count: number;
    seed?: number;
    samples?: readonly number[];
    latents?: Latents;
    temperature?: Temperature;
    guidance?: Guidance;
    guidances?: readonly Guidance[];
    guidanceRule?: GuidanceRule;
    refineGuidance?: number | readonly number[];
    output?: OutputKind;
    labels?: Int32Array;
    lowResolution?: Float32Array;
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
    readonly refinement: FirstLatents | undefined;
    readonly head: PixelDraws | undefined;
    constructor(model: TrainedModel, { batch, runtime, refinement, head }?: SamplerOptions);
    sample(options: SampleOptions): Promise<Samples>;
    values(options: SampleOptions): Promise<SampleValues>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export interface SamplerOptions extends Pick<ExecutionOptions, "runtime"> {
    batch?: number;
    refinement?: FirstLatents;
    head?: PixelDraws;
}

export interface Samples extends Images, GuidanceReport {
    labels: Int32Array;
}

export type SkipLine = z.output<typeof skipLine>

export type Split = "train" | "validation" | "test"

export type StageEvent<Line extends StageLine> = ({
    type: "progress";
} & StageProgress) | {
    type: "metrics";
    line: Line;
} | {
    type: "checkpoint";
    step: number;
    folder: string;
}

export interface StageProgress {
    step: number;
    totalSteps: number | null;
    loss: number;
    imagesPerSecond: number;
    share: number;
    secondsLeft: number;
}

export interface StageResult extends StagePosition {
    loss: number;
    interrupted: boolean;
    checkpoint: string;
}

export interface SuperResolutionConfig {
    blocks: number[];
    noise: number;
}

export interface SuperResolutionInput {
    blocks: number[];
    noise?: number;
}

export type Temperature = number | readonly number[] | readonly {
    resolution: number;
    temperature: number;
}[]

export interface TrainHeadOptions extends ExecutionOptions {
    head: HeadName;
    images: ImageSet;
    out: string;
    seed?: number;
    resume?: boolean;
    limit?: Limits;
    signal?: AbortSignal;
    onEvent?: (event: HeadEvent) => void | Promise<void>;
}

export type TrainLine = z.output<typeof trainLine>

export interface TrainOptions extends ExecutionOptions {
    config: Config;
    data: {
        train: ImageSet;
        validation: ImageSet;
        stream?: ShardStream;
    };
    out: string;
    resume?: boolean;
    initial?: ParameterTree;
    limit?: Limits;
    signal?: AbortSignal;
    ranks?: Ranks;
    sendImages?: boolean;
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

export interface TrainingConfig {
    batchSize: number;
    microBatchSize: number | "auto";
    rematerialise: boolean | "auto";
    steps: number;
    flips: boolean;
    emaDecay: number;
    emaWarmup: boolean;
    checkpointEvery: number;
    keepCheckpoints: number;
    keepEvery: number;
    maxConsecutiveSkips: number;
    logEvery: number;
    evaluateEvery: number;
    sampleEvery: number;
    seed: number;
}

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
    samples: Images;
    originals: Images;
    reconstructions: Images;
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

export interface TrainingInput {
    batchSize: number;
    microBatchSize?: number | "auto";
    rematerialise?: boolean | "auto";
    steps: number;
    flips: boolean;
    emaDecay: number;
    emaWarmup?: boolean;
    checkpointEvery: number;
    keepCheckpoints?: number;
    keepEvery?: number;
    maxConsecutiveSkips?: number;
    logEvery?: number;
    evaluateEvery: number;
    sampleEvery: number;
    seed?: number;
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
    constructor(problem: string, options?: UserErrorOptions);
}

export declare class UserError extends Error {
    readonly code: ErrorCode;
    name: string;
    readonly advice?: string;
    readonly details: ErrorDetails;
    constructor(code: ErrorCode, problem: string, { advice, details }?: UserErrorOptions);
}

export type ValidationLine = z.output<typeof validationLine>

export declare function applySettings(config: Config, settings: string[]): Config

export declare function collectImages(images: AsyncIterable<OwnImage> | Iterable<OwnImage>, { resolution, name, signal, onProgress }: CollectOptions): Promise<ImageSplits>

export declare const defineConfig: (input: ConfigInput) => Config

export declare function drawFormation(model: TrainedModel, from: Images | number, options?: DrawFormationOptions): Promise<Images[]>

export declare const errorCodes: {
    readonly "invalid-config": "A configuration or one of its settings is not valid.";
    readonly "unknown-preset": "There is no preset of that name.";
    readonly "unknown-name": "A name stands for nothing: of a class, a data source, a metric, a feature extractor or a shipped model.";
    readonly ambiguous: "A name or a file could mean several things. Say which one you mean.";
    readonly "invalid-options": "Options are missing, contradict one another, or do not fit what they are used on.";
    readonly "out-of-range": "A number lies outside its range.";
    readonly "wrong-shape": "An array, an image or a tensor has another size, length or type than expected.";
    readonly "invalid-values": "Values cannot be right: they are not finite, no probabilities, or too large for their type.";
    readonly "missing-classes": "The model or the images have no classes, or not as many as needed.";
    readonly "too-few-images": "There are no images, or fewer than it takes.";
    readonly "wrong-model": "The model is of another kind, or the weights belong to another model.";
    readonly mismatch: "Two things were not made alike: a checkpoint and its settings, or samples and their reference.";
    readonly "not-found": "A file, folder, run, checkpoint or download is not there.";
    readonly unreadable: "The system refuses to read a file or folder.";
    readonly damaged: "A file is damaged, cut off, or not the one it should be.";
    readonly "unsupported-format": "A file is of a kind that Strata does not read.";
    readonly "too-large": "A file, a list or a grid is larger than Strata or the format allows.";
    readonly unwritable: "A file or folder cannot be written.";
    readonly "disk-full": "The disk has no room left.";
    readonly "already-exists": "Something is there already that would be overwritten.";
    readonly locked: "Another process trains into the folder, has taken it over, or writes the same file.";
    readonly diverged: "Training stopped, because too many updates in a row were skipped.";
    readonly "out-of-memory": "There is not enough memory for what was asked.";
    readonly network: "A server or proxy cannot be reached, or refuses.";
    readonly environment: "The machine, the process or an environment variable stands in the way.";
}

export declare function findClass(word: string, { config, data }: Pick<TrainedModel, "config" | "data">): FoundClass

export declare function findHeads(model: TrainedModel, run: string, { onNotice }?: OpenHeadOptions): Promise<Head[]>

export declare function formationGrid(stages: Images[], options?: GridOptions): Promise<Uint8Array>

export declare function headLikelihood({ config, parameters }: Pick<TrainedModel, "config" | "parameters">, head: Head, images: Images<Pixels>, options?: LikelihoodOptions): Promise<Likelihood>

export declare function imageGrid(pictures: Images, columns: number, options?: GridOptions): Promise<Uint8Array>

export declare const isPresetName: (word: string) => word is PresetName

export declare function latentsOf(model: TrainedModel, images: Images, options?: LatentsOptions): Promise<Latents>

export declare function openData(source: string, options: OpenOptions): Promise<ImageSplits>

export declare function openHead(model: TrainedModel, folder: string, { onNotice }?: OpenHeadOptions): Promise<Head>

export declare function openRefinement(model: TrainedModel, place: string, { onNotice, ...options }?: RefinementOptions & {
    onNotice?: (message: string) => void;
}): Promise<Refinement>

export declare function openRun(run: string, options?: OpenRunOptions): Promise<TrainedModel>

export declare function openRuntime(options?: OpenRuntimeOptions): Promise<Runtime>

export declare const parseConfig: (json: unknown, options?: ParseOptions) => Config

export declare function parsePresetName(word: string): PresetName

export declare const presetNames: PresetName[]

export declare const presets: Readonly<Record<PresetName, Config>>

export declare function readImageFile(path: string, resolution: number): Promise<Uint8Array>

export declare function readMetrics(path: string): MetricsLine[]

export declare function reconstruct(model: TrainedModel, images: Images, options?: ReconstructOptions): Promise<Images>

export declare function reconstructionGrid(originals: Images, reconstructions: Images, columns: number, options?: GridOptions): Promise<Uint8Array>

export declare function refine(model: TrainedModel, options: RefineOptions): Promise<RefineResult>

export declare const resolvePreset: (name: PresetName) => Config

export declare function toPng(pictures: Images, index?: number): Promise<Uint8Array>

export declare function toRgba({ images, count, resolution }: Images, index?: number): {
    data: Uint8ClampedArray<ArrayBuffer>;
    width: number;
    height: number;
}

export declare function train(options: TrainOptions): TrainingRun

export declare function trainHead(model: TrainedModel, options: TrainHeadOptions): Promise<HeadResult>

export declare const version = "0.1.0"
