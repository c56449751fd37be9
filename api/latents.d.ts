export interface DrawOptions {
    seed?: number;
    temperature?: Temperature;
}

export interface Group {
    index: number;
    level: number;
    layer: number;
    resolution: number;
    channels: number;
    shape: [number, number, number];
}

export type Guidance = {
    mean: number;
    variance: number;
} | {
    resolution: number;
    mean: number;
    variance: number;
}[]

export type GuidanceRule = "extrapolate" | "product"

export type Latents = Float32Array[]

export type Temperature = number | readonly number[] | readonly {
    resolution: number;
    temperature: number;
}[]

export declare const concatenateLatents: (parts: readonly Latents[]) => Latents

export declare function groups({ levels, latentChannels: channels }: ModelConfig): Group[]

export declare function guidanceWeights(guidance: Guidance, model: ModelConfig, rule?: GuidanceRule): GuidanceWeights

export declare function interpolateLatents(from: Latents, to: Latents, count: number, groups?: number): Latents

export declare const latentsAt: (latents: Latents, index: number, count: number) => Latents

export declare const latentsOfSamples: (model: ModelConfig, samples: readonly number[], options?: DrawOptions) => Latents

export declare function slerp(from: Float32Array, to: Float32Array, position: number): Float32Array

export declare function temperatures(temperature: Temperature, groups: readonly Group[]): number[]

export declare function varyLatents(model: ModelConfig, latents: Latents, { groups, count, ...options }: DrawOptions & {
    groups: number;
    count: number;
}): Latents
