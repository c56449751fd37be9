export interface Batch {
    images: Float32Array;
    labels: Int32Array;
}

export interface BatchOptions {
    batchSize: number;
    seed: number;
    flips: boolean;
}

export declare class Batches {
    #private;
    readonly set: ImageSet;
    readonly options: BatchOptions;
    constructor(set: ImageSet, options: BatchOptions);
    batch(number: number, places?: {
        first: number;
        end: number;
    }): Batch;
}

export interface CollectOptions {
    resolution: number;
    name?: string;
    signal?: AbortSignal;
    onProgress?: (images: number) => void;
}

export type ImageReader = (index: number) => Uint8Array

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

export interface ImageStream<Part extends Images = Images> {
    count: number;
    resolution: number;
    parts: AsyncIterable<Part>;
}

export interface Images<Data extends Pixels = Uint8Array> {
    images: Data;
    count: number;
    resolution: number;
    labels?: Int32Array;
}

export type Layout = (typeof layouts)[number]

export interface OpenOptions extends PackOptions, Reading {
    hub?: Omit<HubOptions, "signal" | "onNotice">;
    stream?: boolean;
    onNotice?: (message: string) => void;
}

export interface OwnImage {
    image: Uint8Array | RawImage;
    label?: string;
    split?: Split;
}

export type Pixels = Uint8Array | PackedImages

export interface RawImage {
    data: Uint8Array | Uint8ClampedArray;
    width: number;
    height: number;
}

export type Split = "train" | "validation" | "test"

export declare function collectImages(images: AsyncIterable<OwnImage> | Iterable<OwnImage>, { resolution, name, signal, onProgress }: CollectOptions): Promise<ImageSplits>

export declare function digestOfSet(set: ImageSet): string

export declare function imageReader({ images, resolution }: Pick<Images<Pixels>, "images" | "resolution">): ImageReader

export declare function openData(source: string, options: OpenOptions): Promise<ImageSplits>

export declare function openSamples(path: string, options?: PartOptions): Promise<ImageStream>

export declare function readImageFile(path: string, resolution: number): Promise<Uint8Array>

export declare function take(set: ImageSet, indices: ArrayLike<number>): ImageSet<Uint8Array>

export declare function takeFirst(set: ImageSet, wanted: number): ImageSet<Uint8Array>

export declare function takeSpread(set: ImageSet, wanted: number): ImageSet<Uint8Array>
