export interface DrawingOptions {
    guidance?: Guidance;
    guidances?: readonly (Guidance | undefined)[];
    refined?: boolean;
    refineGuidance?: number | readonly number[];
    labels?: Int32Array;
    batch?: number;
    onImages?: (images: WebImages, first: number) => void;
    signal?: AbortSignal;
}

export interface EncodeOptions {
    labels?: Int32Array;
    seed?: number;
    batch?: number;
    signal?: AbortSignal;
}

export interface Encoded {
    latents: Latents;
    rateNats: Float32Array<ArrayBuffer>;
}

export interface EnlargingOptions {
    guidance?: Guidance;
    temperature?: Temperature;
}

export type ErrorCode = keyof typeof errorCodes

export type Guidance = {
    mean: number;
    variance: number;
} | {
    resolution: number;
    mean: number;
    variance: number;
}[]

export interface InterpolateOptions extends Omit<DrawingOptions, "labels"> {
    count: number;
    groups?: number;
    label?: number;
}

export type Latents = Float32Array[]

export interface LoadCascadeOptions extends LoadOptions, EnlargingOptions {
}

export interface LoadOptions {
    device?: WebDevice | "auto";
    threads?: number;
    runtime?: string | URL;
    worker?: () => Worker;
    onProgress?: (progress: {
        done: number;
        total: number;
    }) => void;
    signal?: AbortSignal;
}

export type Temperature = number | readonly number[] | readonly {
    resolution: number;
    temperature: number;
}[]

export declare class UserError extends Error {
    readonly code: ErrorCode;
    name: string;
    readonly advice?: string;
    readonly details: ErrorDetails;
    constructor(code: ErrorCode, problem: string, { advice, details }?: UserErrorOptions);
}

export declare class WebCascade {
    readonly base: WebModel;
    readonly enlarger: WebModel;
    readonly enlarging: EnlargingOptions;
    constructor(base: WebModel, enlarger: WebModel, enlarging?: EnlargingOptions);
    sample(options: WebCascadeSampleOptions): Promise<WebSamples>;
    dispose(): void;
    [Symbol.dispose](): void;
}

export interface WebCascadeSampleOptions extends Omit<WebSampleOptions, "lowResolution"> {
    latents?: Latents;
}

export type WebDevice = "wasm" | "webgpu"

export interface WebEnlarger {
    path: string;
    name: string;
    run: string;
    resolution: number;
}

export interface WebImages {
    images: Uint8Array;
    count: number;
    resolution: number;
}

export declare class WebModel {
    #private;
    readonly info: WebModelInfo;
    readonly config: ModelConfig;
    readonly device: WebDevice;
    readonly notes: readonly string[];
    constructor(client: WorkerClient, { info, device, graphs, notes }: Opened);
    sample(options: WebSampleOptions): Promise<WebSamples>;
    decode(latents: Latents, options?: DrawingOptions): Promise<WebSamples>;
    values(options: WebSampleOptions & {
        latents?: Latents;
    }): Promise<WebValues>;
    encode(images: WebImages, { labels, seed, batch, signal }?: EncodeOptions): Promise<Encoded>;
    interpolate(from: Latents, to: Latents, options: InterpolateOptions): Promise<WebSamples>;
    prepare({ signal }?: {
        signal?: AbortSignal;
    }): Promise<void>;
    dispose(): void;
    [Symbol.dispose](): void;
}

export interface WebModelInfo {
    name: string;
    run: string;
    config: ModelConfig;
    outputNoise: {
        kind: "normal" | "uniform";
        channels: number;
    } | null;
    classes: string[];
    classCounts: number[];
    step: number;
    parameters: number;
    groups: {
        share: number | null;
        klNats: number | null;
    }[];
    refinement: WebRefinement | null;
    enlarger: WebEnlarger | null;
}

export interface WebRefinement {
    groups: number;
    steps: number;
    shown: {
        guidance: number;
        temperature: {
            resolution: number;
            temperature: number;
        }[];
    };
}

export interface WebSampleOptions extends DrawingOptions {
    count: number;
    seed?: number;
    samples?: readonly number[];
    temperature?: Temperature;
    lowResolution?: Float32Array;
}

export interface WebSamples extends WebImages {
    labels: Int32Array;
}

export interface WebValues {
    values: Float32Array;
    labels: Int32Array;
}

export declare const concatenateLatents: (parts: readonly Latents[]) => Latents

export declare function fromPicture(picture: Blob | CanvasImageSource | ImageData, resolution: number): Promise<WebImages>

export declare function interpolateLatents(from: Latents, to: Latents, count: number, groups?: number): Latents

export declare const latentsAt: (latents: Latents, index: number, count: number) => Latents

export declare const latentsOfSamples: (model: ModelConfig, samples: readonly number[], options?: DrawOptions) => Latents

export declare function load(url: string | URL, options?: LoadOptions): Promise<WebModel>

export declare function loadCascade(url: string | URL, options?: LoadCascadeOptions): Promise<WebCascade>

export declare function toImageData({ images, count, resolution }: WebImages, index: number): ImageData

export declare function varyLatents(model: ModelConfig, latents: Latents, { groups, count, ...options }: DrawOptions & {
    groups: number;
    count: number;
}): Latents
