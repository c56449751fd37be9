export interface Batch {
    images: Float32Array<ArrayBuffer>;
    labels: Int32Array<ArrayBuffer>;
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
    batch(number: number): Batch;
}

export interface CollectOptions {
    resolution: number;
    name?: string;
    signal?: AbortSignal;
    onProgress?: (images: number) => void;
}

export interface DataSet extends Record<Split, ImageSet> {
    skipped: {
        file: string;
        reason: string;
    }[];
    unused: UnusedFiles[];
}

export interface ImagePart {
    images: Uint8Array;
    count: number;
    resolution: number;
}

export type ImageReader = (index: number) => Uint8Array

export interface ImageSet<Images extends Uint8Array | PackedImages = Uint8Array | PackedImages> {
    name: string;
    resolution: number;
    count: number;
    classes: string[];
    images: Images;
    labels: Int32Array;
    digest?: string;
}

export type Layout = (typeof layouts)[number]

export type MemorySet = ImageSet<Uint8Array>

export interface OpenOptions extends PackOptions {
    layout?: Layout;
    onNotice?: (message: string) => void;
}

export interface OwnImage {
    image: Uint8Array | RawImage;
    label?: string;
    split?: Split;
}

export interface RawImage {
    data: Uint8Array | Uint8ClampedArray;
    width: number;
    height: number;
}

export interface SampleFile {
    path: string;
    count: number;
    resolution: number;
    parts(size: number, signal?: AbortSignal): AsyncIterable<ImagePart>;
}

export type Split = "train" | "validation" | "test"

export declare function collectImages(images: AsyncIterable<OwnImage> | Iterable<OwnImage>, { resolution, name, signal, onProgress }: CollectOptions): Promise<DataSet>

export declare function digestOfSet(set: ImageSet): string

export declare function imageReader({ images, resolution }: Pick<ImageSet, "images" | "resolution">): ImageReader

export declare function openData(source: string, options: OpenOptions): Promise<DataSet>

export declare function openSamples(path: string): Promise<SampleFile>

export declare function readImageFile(path: string, resolution: number): Promise<Uint8Array>

export declare function take(set: ImageSet, indices: ArrayLike<number>): MemorySet

export declare function takeFirst(set: ImageSet, wanted: number): MemorySet

export declare function takeSpread(set: ImageSet, wanted: number): MemorySet
