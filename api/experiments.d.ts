export interface AblationRow {
    name: string;
    title: string;
    informationSchedule: boolean;
    gaussianOutput: boolean;
    paper: PaperFigures;
    paperDrawn?: Omit<PaperFigures, "bitsPerDim">;
}

export interface AblationRun {
    row: AblationRow;
    seed: number;
    folder: string;
    config: Config;
}

export interface ArithmeticOptions extends BatchedOptions {
    label?: number;
}

export interface BatchedOptions extends ExecutionOptions {
    batch?: number;
}

export interface BesideHeldOut {
    count: number;
    values: QualityValue[];
    copies: Memorisation;
    pairs: {
        samples: Images;
        nearest: Images;
    };
}

export interface BothFigures {
    unadjusted: number;
    calibrated: number;
}

export interface CalibrateOptions extends BatchedOptions {
    model: TrainedModel;
    extractor: FeatureExtractor;
    refinement?: Refinement;
    images: HeldOutImages;
    data: string;
    folder: string;
    count: number;
    seed?: number;
    lists?: Partial<SearchLists>;
    accuracy?: number;
    isOver?: () => boolean;
    onProgress?: (progress: CalibrationProgress) => void;
}

export interface CalibratedSampling {
    temperature: {
        resolution: number;
        temperature: number;
    }[];
    guidance: {
        resolution: number;
        mean: number;
        variance: number;
    }[];
    refinement?: {
        guidance: number;
    };
}

export interface Calibration {
    sampling: CalibratedSampling;
    weights: {
        digest: string;
        step: number;
    };
    refinement?: {
        digest: string;
        step: number;
    };
    found: {
        date: string;
        version: string;
        data: string;
        features: string;
        images: {
            search: number;
            check: number;
        };
        samples: {
            search: number[];
            check: number;
        };
        seeds: {
            search: number;
            check: number;
        };
        candidates: number;
        isComplete: boolean;
        best: CalibratedSampling;
        accuracy?: number;
        check?: CalibrationCheck;
    };
}

export interface CalibrationCheck {
    metric: string;
    distance: BothFigures;
    difference: number;
    standardError: number;
    accuracy?: BothFigures;
}

export interface CalibrationProgress {
    what: string;
    done: number;
    total: number;
}

export interface Candidate {
    name: string;
    settings: string[];
}

export interface CellMeasurement {
    quality: QualityValue[];
    pictures: Images;
    clamped: number;
}

export interface CellOptions extends ExecutionOptions {
    sampler: ImageSampler;
    sampling: SampleOptions;
    extractor: FeatureExtractor;
    reference: FeatureSet;
    metrics: readonly QualityMetric[];
    onProgress?: (cell: SweepCell, progress: CellProgress) => void;
}

export interface CellProgress {
    drawn: number;
    figure?: string;
}

export interface Direction {
    groups: Float64Array[];
}

export interface DirectionOptions {
    coefficients: Float64Array;
    labels: Int32Array;
    classes: number;
    kept: number;
    from: number;
    to: number;
    seed?: number;
}

export interface EvaluateSamplesOptions extends Omit<SampleQualityOptions, "metrics" | "keepRows"> {
    metrics?: readonly QualityMetric[];
    beside?: {
        train: ImageSet;
        heldOut: ImageSet;
    };
}

export interface EvaluationSetup {
    extractor: FeatureExtractor;
    training: FeatureSet;
    reference: FeatureSet;
    heldOut: FeatureSet;
    train: ImageSet;
    test: ImageSet;
}

export interface ExecutionOptions {
    runtime?: Runtime;
    signal?: AbortSignal;
}

export interface HeadLikelihoodSummary extends LikelihoodSummary {
    step: number;
}

export interface HeldOutImages {
    search: ImageSet;
    check: ImageSet;
}

export interface Judge {
    name: string;
    better: "lower" | "higher";
    identity: string;
    measure(model: TrainedModel, options: BatchedOptions): Promise<number>;
}

export interface MeasureRunOptions extends BatchedOptions {
    count: number;
    heldOutCount: number;
    seed: number;
    metrics: readonly QualityMetric[];
    onProgress?: (what: string, done: number, count: number) => void;
    once?: <Result extends object>(stage: string, measure: () => Promise<Result>) => Promise<Result>;
}

export interface MeasureRunsOptions extends BatchedOptions {
    out: string;
    count: number;
    metrics: readonly QualityMetric[];
    seed?: number;
    onNotice?: (message: string) => void;
    onProgress?: (what: string, done: number, count: number) => void;
}

export interface MeasuredRun {
    row: AblationRow;
    seed: number;
    step: number;
    figures: RunMeasurement;
    pictures: RowPictures;
}

export interface MeasuredRuns {
    runs: MeasuredRun[];
    extractor: {
        name: string;
        identity: string;
    };
    referenceImages: number;
    heldOutImages: number;
}

export interface ModelFigureOptions extends BatchedOptions {
    count?: number;
    importance?: number;
    seed?: number;
    train?: ImageSet;
    onProgress?: (what: string, done: number, count: number) => void;
    heads?: readonly Head[];
    onLikelihoods?: (likelihoods: ImageLikelihoods, images: number[], ofHeads: Partial<Record<HeadName, ImageLikelihoods>>) => void;
}

export interface ModelFigures {
    likelihood: LikelihoodSummary;
    headLikelihoods?: Partial<Record<HeadName, HeadLikelihoodSummary>>;
    rateDistortion: RateDistortion;
    information: ModelInformation;
    diffusion?: DiffusionInformation;
}

export type ModelMetric = (typeof modelMetrics)[number]

export interface ProbeImages {
    images: Images & {
        labels: Int32Array;
    };
    classes: string[];
    known: number;
    chosen: number;
    tested: number;
    queries: number;
    testedSplit: "validation" | "test";
}

export interface ProbeOptions extends BatchedOptions {
    seed?: number;
    onProgress?: (what: string, done: number, count: number) => void;
}

export interface ProbedFeatures {
    dimensions: number;
    linear: LinearProbe;
    nearest: NearestProbe;
}

export interface ProbedGroups extends ProbedFeatures {
    groups: number;
    bits: number;
    neighbours: number[][];
}

export interface ProbedModel {
    groups: ProbedGroups[];
    means: Float32Array[];
}

export interface ProbedPixels {
    pixels: ProbedFeatures;
    components: ProbedFeatures[];
}

export interface PublishedCell {
    mean: number;
    variance: number;
    fid: number;
    precision?: number;
    recall?: number;
}

export interface RunMeasurement {
    quality: SampleQuality;
    drawn?: SampleQuality;
    reconstructed: SampleQuality;
    memorisation: Memorisation;
    model: ModelFigures;
}

export interface RunPictures {
    samples: Images;
    originals: Images;
    reconstructions: Images;
    neighbours: {
        samples: Images;
        nearest: Images;
    };
}

export interface SamplesEvaluation extends SampleQuality {
    features: {
        name: string;
        identity: string;
    };
    reference: {
        images?: number;
        rows: number;
    };
    notMeasured: QualityMetric[];
    clamped?: number;
    shown: Images;
    beside?: BesideHeldOut;
}

export interface SearchLists {
    temperatures: readonly number[];
    means: readonly number[];
    variances: readonly number[];
    refinementGuidance: readonly number[];
}

export interface SweepCell {
    mean: number;
    variance: number;
    seed: number;
}

export interface SweepGrid {
    means: number[];
    variances: number[];
    seeds: number[];
}

export interface SweepOptions extends Pick<ExecutionOptions, "signal"> {
    grid: SweepGrid;
    folder: string;
    settings: SweepSettings;
    measure(cell: SweepCell): Promise<CellMeasurement>;
    onCell?: (done: number, total: number) => void;
}

export interface SweepResult {
    grid: SweepGrid;
    settings: SweepSettings;
    cells: SavedCell[];
}

export interface TuneOptions extends BatchedOptions {
    config: Config;
    candidates: readonly Candidate[];
    seeds: readonly number[];
    data: TrainOptions["data"];
    judge: Judge;
    out: string;
    minutes: number;
    onRun?: (run: TuningRun, begun: boolean) => TrainingEventListener | undefined;
    onDoing?: (what: string) => void;
    onNotice?: (message: string) => void;
}

export interface TuningFigure {
    candidate: Candidate;
    figures: number[];
}

export interface TuningResult {
    rounds: {
        share: number;
        results: TuningFigure[];
    }[];
    best: {
        candidate: Candidate;
        config: Config;
    };
    isSure?: boolean;
}

export interface TuningRun {
    candidate: Candidate;
    seed: number;
    folder: string;
    round: number;
    rounds: number;
    steps: number;
}

export declare const ablationRows: readonly AblationRow[]

export declare function ablationRuns(config: Config, folder: string, seeds: readonly number[]): AblationRun[]

export declare function boundJudge(heldOut: ImageSet, count: number): Judge

export declare function calibrate(options: CalibrateOptions): Promise<Calibration>

export declare function calibrationOf(run: string, model: TrainedModel, { refinement, folder }?: CalibrationOptions): Promise<Calibration>

export declare function candidatesOf(tries: readonly string[], { most, seed }?: {
    most?: number;
    seed?: number;
}): Candidate[]

export declare function cellsOf({ means, variances, seeds }: SweepGrid): SweepCell[]

export declare function classDirection(means: readonly Float32Array[], count: number, { coefficients, labels, classes, kept, from, to, seed }: DirectionOptions): {
    found: Direction;
    control: Direction;
}

export declare const defaultSearchLists: SearchLists

export declare function evaluateSamples(samples: ImageStream | ImageStream<Samples>, { metrics: asked, beside, ...options }: EvaluateSamplesOptions): Promise<SamplesEvaluation>

export declare function guidanceSweep(options: SweepOptions): Promise<SweepResult>

export declare function heldOutImages({ validation, test }: Pick<ImageSplits, "validation" | "test">): HeldOutImages

export declare const heldOutSplit: ({ test }: Pick<ImageSplits, "test">) => Extract<Split, "test" | "validation">

export declare function measureCell(cell: SweepCell, options: CellOptions): Promise<CellMeasurement>

export declare function measureModel<Metric extends ModelMetric>(model: TrainedModel, images: ImageSet, metrics: readonly Metric[], { count, importance, train, heads, onProgress, onLikelihoods, ...options }: ModelFigureOptions): Promise<Partial<ModelFigures>>

export declare function measureRun(model: TrainedModel, { extractor, training, reference, heldOut, train, test }: EvaluationSetup, options: MeasureRunOptions): Promise<{
    figures: RunMeasurement;
    pictures: RunPictures;
}>

export declare function measureRuns(runs: readonly AblationRun[], extractor: FeatureExtractor, images: {
    train: ImageSet;
    test: ImageSet;
}, options: MeasureRunsOptions): Promise<MeasuredRuns>

export declare function moveAlong(model: TrainedModel, means: readonly Float32Array[], images: readonly number[], { groups: direction }: Direction, steps: readonly number[], options?: ArithmeticOptions): Promise<Images[]>

export declare const paperTable2: readonly PublishedCell[]

export declare function probeImages(splits: ImageSplits, count: number, queries?: Images): ProbeImages

export declare function probeModel(model: TrainedModel, data: ProbeImages, { label, onProgress, ...options }?: ProbeOptions & {
    label?: number;
}): Promise<ProbedModel>

export declare function probePixels(data: ProbeImages, dimensions: readonly number[], { onProgress, ...options }?: ProbeOptions): Promise<ProbedPixels>

export declare function readCalibration(folder: string): Promise<Calibration | undefined>

export declare function sampleJudge(metric: QualityMetric, { extractor, reference, count }: {
    extractor: FeatureExtractor;
    reference: FeatureSet;
    count: number;
}): Judge

export declare const samplerOptionsOf: ({ temperature, guidance, refinement, }: CalibratedSampling) => Pick<SampleOptions, "temperature" | "guidance" | "refineGuidance">

export declare function swapGroups(model: TrainedModel, means: readonly Float32Array[], pairs: readonly [first: number, rest: number][], options?: ArithmeticOptions): Promise<Images[]>

export declare function sweepGrid({ means, variances, seeds }: SweepGrid): SweepGrid

export declare function tune(options: TuneOptions): Promise<TuningResult>
