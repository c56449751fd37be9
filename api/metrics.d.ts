export declare const ACTIVE_FROM_NATS = 0.01

export interface BatchedOptions extends ExecutionOptions {
    batch?: number;
}

export interface CompareToReferenceOptions extends ExecutionOptions {
    kernelSubsets?: boolean;
    seed?: number;
    onProgress?: (name: string) => void;
}

export interface ExecutionOptions {
    runtime?: Runtime;
    signal?: AbortSignal;
}

export interface FeatureExtractor {
    readonly name: string;
    readonly identity: string;
    readonly width: number;
    readonly spatialWidth?: number;
    readonly classes?: number;
    extract(pictures: Images, signal?: AbortSignal): Promise<Features>;
    dispose(): Promise<void>;
}

export interface FeatureSet {
    identity: string;
    moments: Moments;
    spatialMoments?: Moments;
    rows: Float32Array;
    rowCount: number;
    logits?: Float32Array;
    labels?: Int32Array;
}

export interface Features {
    pooled: Float32Array;
    spatial?: Float32Array;
    logits?: Float32Array;
}

export interface FrechetLimitOptions extends MetricOptions {
    seed?: number;
    onProgress?: (done: number, count: number) => void;
}

export type FrechetOptions = MetricOptions

export interface GroupInformation {
    resolution: number;
    klNats: number;
    cumulativeShare: number;
    targetCumulativeShare: number | null;
    activeDimensions: number;
    dimensions: number;
}

export interface HeldOutBound {
    count: number;
    bitsPerDim: number;
    boundNats: number;
    distortionNats: number;
    klNats: number;
    psnrDb: number;
    groupKlNats: number[];
}

export type HeldOutBoundOptions = MeasurementOptions

export interface ImageLikelihoods {
    bitsPerDim: Float64Array;
    rateBitsPerDim: Float64Array;
    distortionBitsPerDim: Float64Array;
    importanceWeightedBitsPerDim?: Float64Array;
}

export interface ImageStream<Part extends Images = Images> {
    count: number;
    resolution: number;
    parts: AsyncIterable<Part>;
}

export interface InceptionOptions extends Pick<ExecutionOptions, "runtime"> {
    resolution: number;
    path?: string;
    resize?: ResizeConvention;
    batch?: number;
    onNotice?: (message: string) => void;
}

export interface InceptionScore {
    score: number;
    parts: number[];
    standardDeviation: number;
}

export interface InceptionScoreOptions {
    from?: "probabilities" | "logits";
    split?: number;
}

export interface Interval {
    low: number;
    high: number;
}

export interface IntervalOfMean extends Interval {
    mean: number;
}

export interface Likelihood {
    summary: LikelihoodSummary;
    images: ImageLikelihoods;
}

export interface LikelihoodOptions extends MeasurementOptions {
    samples?: number;
}

export interface LikelihoodSummary {
    count: number;
    samples: number;
    bitsPerDim: MeanWithError;
    rateBitsPerDim: MeanWithError;
    distortionBitsPerDim: MeanWithError;
    importanceWeightedBitsPerDim?: MeanWithError;
}

export interface MeanWithError {
    mean: number;
    standardError: number | null;
}

export type MeasureInformationOptions = MeasurementOptions

export interface MeasureOptions extends ExecutionOptions {
    keep?: number;
    logits?: boolean;
    onProgress?: (done: number, count: number) => void;
}

export interface MeasurementOptions extends BatchedOptions {
    count?: number;
    seed?: number;
    onProgress?: (done: number, count: number) => void;
}

export interface MetricOptions extends ExecutionOptions {
    runtime?: Runtime;
}

export interface ModelInformation {
    count: number;
    klNats: number;
    activeDimensions: number;
    dimensions: number;
    groups: GroupInformation[];
}

export interface Moments {
    count: number;
    mean: Float64Array;
    covariance: Float64Array;
}

export declare class MomentsAccumulator {
    #private;
    constructor(width: number, { runtime, signal }?: MomentsOptions);
    add(rows: Float32Array): Promise<void>;
    finish(): Promise<Moments>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export type MomentsOptions = MetricOptions

export interface NearestNeighbours {
    index: Uint32Array;
    distance: Float64Array;
}

export interface OnnxFileOptions extends Pick<ExecutionOptions, "runtime"> {
    resolution: number;
    batch?: number;
    onNotice?: (message: string) => void;
}

export interface OpenClassifierOptions extends ExecutionOptions {
    batch?: number;
    seed?: number;
    steps?: number;
    onProgress?: (progress: ClassifierProgress) => void;
}

export interface PairOptions extends MetricOptions {
    onProgress?: (done: number, count: number) => void;
    blockSize?: number;
}

export interface PrecisionRecall {
    precision: number;
    recall: number;
}

export interface PrecisionRecallOptions extends PairOptions {
    neighbours?: number;
}

export type QualityMetric = (typeof qualityMetrics)[number]

export interface QualityValue {
    metric: QualityMetric;
    name: string;
    value: number;
    standardDeviation?: number;
    standardError?: number;
    leftOut?: number[];
}

export interface RateDistortion {
    count: number;
    points: RateDistortionPoint[];
}

export interface RateDistortionOptions extends MeasurementOptions {
    rates?: readonly number[];
    onProgress?: (done: number, count: number) => void;
}

export interface RateDistortionPoint {
    allottedBitsPerDim: number | null;
    rateBitsPerDim: number;
    rmse: number;
}

export interface SampleQuality {
    count: number;
    values: QualityValue[];
    referenceBaseline?: number;
    frechetLimit?: number;
}

export interface SampleQualityOptions extends Omit<MeasureOptions, "keep" | "logits"> {
    extractor: FeatureExtractor;
    reference: FeatureSet;
    metrics: readonly QualityMetric[];
    seed?: number;
    kernelSubsets?: boolean;
    keepRows?: boolean;
    errors?: boolean;
    limit?: boolean;
    onFigure?: (name: string) => void;
}

export interface SubsetOptions extends PairOptions {
    subsets?: number;
    size?: number;
    seed?: number;
}

export declare function bootstrapMean(values: Float64Array, seed?: number): IntervalOfMean

export declare function compareToReference(samples: FeatureSet, reference: FeatureSet, metrics: readonly QualityMetric[], extractor: string, { runtime, signal, kernelSubsets, seed, onProgress }?: CompareToReferenceOptions): Promise<QualityValue[]>

export declare function frechetDistance(a: Moments, b: Moments, { runtime, signal }?: FrechetOptions): Promise<number>

export declare function frechetLimit(rows: Float32Array, width: number, reference: Moments, { seed, onProgress, ...options }?: FrechetLimitOptions): Promise<number>

export declare function heldOutBound({ config, parameters }: {
    config: Config;
    parameters: ParameterTree;
}, images: Images<Pixels>, options?: HeldOutBoundOptions): Promise<HeldOutBound>

export declare function inceptionScore(values: Float32Array | Float64Array, classes: number, { from, split }?: InceptionScoreOptions): InceptionScore

export declare function jackknifeError(leftOut: readonly number[]): number

export declare const jackknifeInterval: (value: number, standardError: number) => Interval

export declare function kernelDistance(x: Float32Array, y: Float32Array, width: number, options?: PairOptions): Promise<number>

export declare function kernelDistanceOfSubsets(x: Float32Array, y: Float32Array, width: number, { subsets, size, seed, ...options }?: SubsetOptions): Promise<{
    mean: number;
    standardDeviation: number;
}>

export declare function measureFeatures({ count, parts }: ImageStream, extractor: FeatureExtractor, { keep, logits: wanted, runtime, signal, onProgress }?: MeasureOptions): Promise<FeatureSet>

export declare function measureInformation({ config, parameters }: Pick<TrainedModel, "config" | "parameters">, images: Images<Pixels>, options?: MeasureInformationOptions): Promise<ModelInformation>

export declare function momentsOf(rows: Float32Array, width: number, options?: MomentsOptions): Promise<Moments>

export declare function nearestNeighbours(queries: Float32Array, references: Float32Array, width: number, options?: PairOptions): Promise<NearestNeighbours>

export declare function negativeLogLikelihood({ config, parameters }: Pick<TrainedModel, "config" | "parameters">, images: Images<Pixels>, options?: LikelihoodOptions): Promise<Likelihood>

export declare function openClassifier(trainSet: ImageSet, { batch, seed, steps, runtime, signal, onProgress }?: OpenClassifierOptions): Promise<ClassifierExtractor>

export declare function openInception({ path, onNotice, ...options }: InceptionOptions): Promise<OpenExtractor>

export declare function openOnnxFile(path: string, { resolution, batch, runtime, onNotice }: OnnxFileOptions): Promise<OpenExtractor>

export declare function openPixels(): OpenExtractor

export declare function precisionRecall(references: Float32Array, samples: Float32Array, width: number, { neighbours, ...options }?: PrecisionRecallOptions): Promise<PrecisionRecall>

export declare function rateDistortion({ config, parameters }: Pick<TrainedModel, "config" | "parameters">, images: Images<Pixels>, options?: RateDistortionOptions): Promise<RateDistortion>

export declare function referenceOfFile(path: string, extractor: FeatureExtractor, resolution: number, { keep, onNotice, ...options }?: ReferenceFileOptions): Promise<FeatureSet>

export declare function referenceOfSet(set: ImageSet, extractor: FeatureExtractor, { keep, ...options }?: Omit<MeasureOptions, "logits">): Promise<FeatureSet>

export declare function sampleQuality(stream: ImageStream, { extractor, reference, metrics, seed, kernelSubsets, errors, limit, keepRows, onFigure, ...options }: SampleQualityOptions): Promise<SampleQuality & {
    features: FeatureSet;
}>

export declare function streamImages(pictures: Images): ImageStream

export declare function streamSamples(sampler: ImageSampler, options: SampleOptions): ImageStream<Samples>

export declare function streamSet(set: ImageSet, indices?: readonly number[]): ImageStream

export declare function symmetricEigenvalues(matrix: Float64Array, size: number, { signal }?: Pick<ExecutionOptions, "signal">): Promise<Float64Array>

export declare function writeReference(path: string, { identity, moments, spatialMoments }: FeatureSet, set: ImageSet): Promise<void>
