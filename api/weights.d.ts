export interface CardOptions {
    license: string;
    title?: string;
    evaluations?: readonly string[];
    place?: string;
    formats?: readonly string[];
}

export interface ExportWebOptions {
    dtype?: "float16" | "float32";
    name?: string;
    run?: string;
    groupKlNats?: readonly number[];
    page?: boolean;
    refinement?: Refinement;
    shown?: WebRefinement["shown"];
    enlarger?: {
        model: TrainedModel;
    } & Pick<ExportWebOptions, "name" | "run">;
}

export interface FileDescription {
    file: string;
    format: WeightsFile["format"];
    protocol?: number;
    metadata: Record<string, string>;
    tensors: DescribedTensor[];
    elements: number;
    groups: DescribedGroup[];
    model?: string;
    notes: string[];
    step?: number;
    optimizer?: string;
}

export interface ForeignWeights extends SavedWeights {
    counters?: Counters;
    notes: string[];
}

export interface HubOptions {
    hubUrl?: string;
    token?: string;
    offline?: boolean;
    signal?: AbortSignal;
    onNotice?: (message: string) => void;
    onProgress?: (bytes: number, total: number) => void;
    patience?: Patience;
}

export interface ReadWeightsOptions {
    tensors?: readonly string[];
}

export interface SavedWeights {
    ema: ParameterTree;
    parameters?: ParameterTree;
    moments?: Record<string, ParameterTree>;
}

export interface SharedFolderOptions extends Omit<CardOptions, "formats">, Pick<OpenRunOptions, "checkpoint" | "onNotice"> {
    formats?: readonly SharedFormat[];
}

export type SharedFormat = keyof typeof formats

export interface Upload {
    folder: string;
    files: readonly string[];
    replaces: (path: string) => boolean;
    title: string;
    visibility?: "public" | "private";
}

export declare function describeWeightsFile(path: string): Promise<FileDescription>

export declare function exportOnnx(model: TrainedModel, folder: string, { refinement }?: ExportOnnxOptions): Promise<{
    files: string[];
}>

export declare function exportWeb(model: TrainedModel, folder: string, { dtype, page, ...about }?: ExportWebOptions): Promise<{
    files: string[];
}>

export declare function filesOf(folder: string): Promise<string[]>

export declare const isOwnFile: (path: string) => boolean

export declare function pushToHub(place: string, { folder, files, replaces, title, visibility }: Upload, options?: HubOptions): Promise<{
    url: string;
    commitUrl: string;
    removed: string[];
}>

export declare function readWeights(path: string, config: Config, options?: ReadWeightsOptions): Promise<ForeignWeights & {
    format: string;
}>

export declare function runCard(run: string, model: TrainedModel, { license, title, evaluations, place, formats }: CardOptions): Promise<string>

export declare function saveModel(folder: string, { config, data, counters }: {
    config: Config;
    data: DataSummary;
    counters?: Counters;
}, { ema, parameters, moments }: SavedWeights, dtype?: FloatType): Promise<string>

export declare function writeSafetensors(model: TrainedModel, path: string, naming: Naming): Promise<void>

export declare function writeSharedFolder(run: string, folder: string, { formats: also, checkpoint, onNotice, ...card }: SharedFolderOptions): Promise<{
    step: number;
}>

export declare function writeTorch({ config, parameters }: TrainedModel, path: string): Promise<void>
