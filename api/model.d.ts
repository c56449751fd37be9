export type AutoEncoderInputs<T = np.Array> = {
    batch: ModelInputs<T>;
    noise: T[];
}

export type ChooseLatent = (group: Group, prior: DiagonalGaussian, hidden: np.Array) => np.Array

export interface DiagonalGaussian {
    mean: np.Array;
    variance: np.Array;
}

export interface Group {
    index: number;
    level: number;
    layer: number;
    resolution: number;
    channels: number;
    shape: [number, number, number];
}

export type LossParts<T = np.Array> = {
    distortionNats: T;
    klNats: T;
    gamma: T;
    klWeightedNats: T;
    spectral: T;
    spectralVectors: SpectralVectors<T>[];
}

export type ModelInputs<T = np.Array> = {
    images: T;
    labels?: T;
    droppedLabels?: T;
    lowResolution?: T;
}

export type ModelParameters<T> = {
    encoder: Encoder<T>;
    generator: Generator<T>;
    superResolution?: UNet<T>;
}

export interface OutputLayer {
    channels(objective: ObjectiveConfig): number;
    distortion(output: np.Array, images: np.Array, objective: ObjectiveConfig): np.Array;
    negativeLogProbability(output: np.Array, images: np.Array, objective: ObjectiveConfig): np.Array;
    mean(output: np.Array, objective: ObjectiveConfig): np.Array;
    draw(output: np.Array, noise: np.Array, objective: ObjectiveConfig): np.Array;
    noise: {
        kind: "normal" | "uniform";
        channels: number;
    };
    shown: "mean" | "draw";
    text: {
        parameters(objective: ObjectiveConfig): string;
        distortion: string;
    };
}

export declare class ParameterSpec {
    readonly shape: number[];
    readonly init: Initialiser;
    readonly names: ForeignName;
    constructor(shape: number[], init: Initialiser, names: ForeignName);
}

export type SpectralVectors<T = np.Array> = {
    prior: T;
    posterior: T;
}

export interface TopDownOptions {
    initial: np.Array;
    labels?: np.Array;
    chooseLatent: ChooseLatent;
}

export declare function autoEncode(parameters: ModelParameters<np.Array>, model: ModelConfig, batch: ModelInputs, noise: np.Array[], observe?: ObserveGroup): {
    output: np.Array;
    klNats: np.Array[];
}

export declare function countParameters(parameters: ModelParameters<{
    shape: number[];
}>): number

export declare function draw({ mean, variance }: DiagonalGaussian, noise: np.Array): np.Array

export declare function encode(parameters: Encoder<np.Array>, model: ModelConfig, images: np.Array, labels?: np.Array): np.Array[]

export declare function gaussianKl(q: DiagonalGaussian, p: DiagonalGaussian): np.Array

export declare function groups({ levels, latentChannels: channels }: ModelConfig): Group[]

export declare function informationShares({ model, objective }: Pick<Config, "model" | "objective">): number[] | null

export declare function initialState(parameters: {
    generator: Generator<np.Array>;
    superResolution?: UNet<np.Array>;
}, { count, lowResolution, labels }: {
    count: number;
    lowResolution?: np.Array;
    labels?: np.Array;
}): np.Array

export declare function initialise<Specs>(specs: Specs, seed: number, purpose?: StreamName): Mapped<Specs, ParameterSpec, Float32Array<ArrayBuffer>>

export declare function loss(parameters: ModelParameters<np.Array>, spectralVectors: SpectralVectors[], batch: ModelInputs, noise: np.Array[], config: Pick<Config, "model" | "objective">): {
    loss: np.Array;
    aux: LossParts;
}

export declare function lossAndGradients(parameters: ModelParameters<np.Array>, spectralVectors: SpectralVectors[], batch: ModelInputs, noise: np.Array[], config: Pick<Config, "model" | "objective">): {
    loss: np.Array;
    aux: LossParts;
    gradients: ModelParameters<np.Array>;
}

export declare function mapParameters<T, U>(parameters: ModelParameters<T>, fn: (parameter: T, path: string) => U): ModelParameters<U>

export declare function modelParameters(model: ModelConfig, outputChannels: number): ModelParameters<ParameterSpec>

export declare const outputChannels: (objective: ObjectiveConfig) => number

export declare const parameterEntries: <T>(parameters: ModelParameters<T>) => [path: string, parameter: T][]

export declare function posterior(parameters: {
    generator: Generator<np.Array>;
}, group: Group, hidden: np.Array, activations: np.Array[], labels?: np.Array): DiagonalGaussian

export declare function rateWeights(klNats: np.Array[], shares: number[]): np.Array[]

export declare function topDown(parameters: {
    generator: Generator<np.Array>;
}, model: ModelConfig, options: TopDownOptions): np.Array
