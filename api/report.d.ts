export interface EstimateOptions extends ExecutionOptions {
    source?: string;
    reading?: Reading;
    hub?: HubOptions;
    onStage?: (what: string) => void;
    onNotice?: (message: string) => void;
}

export interface ExecutionOptions {
    runtime?: Runtime;
    signal?: AbortSignal;
}

export interface MlflowListener {
    onEvent: TrainingEventListener;
    close(ending: Ending): Promise<void>;
}

export interface MlflowOptions {
    url?: string;
    experiment?: string;
    name: string;
    onNotice?: (message: string) => void;
    signal?: AbortSignal;
    patience?: Patience;
}

export interface ModelSummary {
    preset: string;
    parameters: number;
    parts: {
        part: string;
        parameters: number;
    }[];
    levels: LevelSummary[];
    groups: {
        index: number;
        resolution: number;
        latentShape: number[];
        share: number | null;
    }[];
    multiplyAccumulates: {
        generation: number;
        training: number;
    };
    memoryBytes: {
        weights: number;
        generation: number;
        training: number;
    };
    microBatch: number;
    rematerialise: boolean;
}

export interface RunReportOptions extends ReportText, DrawingOptions {
    out?: string;
    onNotice?: (message: string) => void;
}

export interface TrainingEstimate {
    model: ModelSummary;
    deviceMemory?: DeviceMemory;
    gigaflops: number;
    imagesPerSecond: number;
    secondsForAllSteps: number;
    data?: ListedImages;
}

export declare function estimateTraining(config: Config, { source, reading, hub, runtime, signal, onStage, onNotice }?: EstimateOptions): Promise<TrainingEstimate>

export declare function mlflowListener(resolution: number, options: MlflowOptions): MlflowListener

export declare function sendToMlflow(run: string, options: MlflowOptions): Promise<{
    page: string;
    steps: number;
}>

export declare function summariseModel(config: Config): ModelSummary

export declare function tensorBoardListener(folder: string, resolution: number, onNotice: (message: string) => void): (event: TrainingEvent) => Promise<void>

export declare function writeRunReport(run: string, options?: RunReportOptions): Promise<string>

export declare function writeTensorBoard(run: string, folder: string): Promise<{
    steps: number;
    pictures: number;
}>
