export interface CompileOptions<Constants extends readonly unknown[] = readonly unknown[], OnDevice extends PerEntry<boolean> = PerEntry<boolean>, Dtypes extends PerEntry<DType> = PerEntry<DType>> {
    runtime?: Runtime;
    constants?: Constants;
    outputDtypes?: Dtypes;
    rematerialise?: boolean;
    keepOnDevice?: OnDevice;
    donated?: readonly boolean[];
    divided?: readonly boolean[];
    precision?: Precision;
    cacheKey?: string;
}

export interface Compiled<Args extends readonly unknown[], Result> {
    run(...args: Args): Promise<Result>;
    dispose(): Promise<void>;
}

export type DType = "float32" | "float64" | "int32" | "bool" | "bfloat16"

export declare class DeviceArray {
    #private;
    readonly runtime: Runtime;
    readonly id: ArrayId;
    readonly spec: Spec;
    constructor(runtime: Runtime, id: ArrayId, spec: Spec);
    get shape(): readonly number[];
    assertAlive(): void;
    read(): Promise<TypedArray>;
    take(): Promise<TypedArray>;
    dispose(): void;
    [Symbol.dispose](): void;
}

export type Given<T> = T extends Spec ? Operand : T extends readonly unknown[] ? {
    readonly [I in keyof T]: Given<T[I]>;
} : T extends object ? {
    [K in keyof T]: Given<T[K]>;
} : T

export type LeafOf<T> = unknown extends T ? unknown : T extends Leaf ? T : T extends readonly (infer Child)[] ? LeafOf<Child> : T extends object ? LeafOf<T[keyof T]> : never

export type Mapped<T, From, To> = T extends From ? To : T extends readonly unknown[] ? {
    -readonly [I in keyof T]: Mapped<T[I], From, To>;
} : T extends object ? {
    [K in keyof T]: Mapped<T[K], From, To>;
} : T

export interface OpenRuntimeOptions extends Omit<RuntimeOptions, "device" | "xla">, Pick<XlaOptions, "devices" | "precision"> {
    deterministic?: boolean;
    device?: "auto" | "cpu" | "webgpu" | "xla" | `xla:${string}`;
    onNotice?: (message: string) => void;
}

export type Operand = TypedArray | DeviceArray

export interface PortableFunction<Weights, Inputs> {
    fn: (...args: TracedArgs<[NoInfer<Weights>, NoInfer<Inputs>]>) => unknown;
    weights: {
        specs: Weights;
        data: Mapped<Weights, Spec, TypedArray>;
    };
    inputs: (batch: number) => Inputs;
}

export declare class Program<Args extends readonly unknown[], Result> implements Compiled<Args, Result> {
    #private;
    readonly outputs: Mapped<Result, Operand, Spec>;
    constructor(runtime: Runtime, session: Session, { args, result, onDevice, donated, residents }: Signature);
    get memory(): ProgramMemory | undefined;
    run(...args: Args): Promise<Result>;
    dispose(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

export type ResultOf<Result, OnDevice = false, Dtypes = "float32"> = Result extends np.Array ? Returned<Result, OnDevice, Extract<Dtypes, DType>> : {
    [K in keyof Result]: Returned<Result[K], ChoiceFor<OnDevice, K, false>, Extract<ChoiceFor<Dtypes, K, "float32">, DType>>;
}

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

export declare class Spec {
    readonly shape: number[];
    readonly dtype: DType;
    readonly weakType = false;
    constructor(shape: number[], dtype?: DType);
    get size(): number;
    toString(): string;
}

export type TypedArray = ElementsOf[DType]

export declare const checkpoint: (x: np.Array) => np.Array

export declare function compile<const Args extends readonly unknown[], Result, const Constants extends readonly unknown[] = [], const OnDevice extends PerEntry<boolean> = false, const Dtypes extends PerEntry<DType> = "float32">(fn: (...args: TracedArgs<Args>) => Result, exampleArgs: Args, options?: CompileOptions<Constants, OnDevice, Dtypes>): Promise<Program<OpenArgs<Args, Constants>, ResultOf<Result, OnDevice, Dtypes>>>

export declare function defaultRuntime(): Runtime

export declare function entries<T>(tree: T): [path: string, leaf: LeafOf<T>][]

export declare function leaves<T>(tree: T): LeafOf<T>[]

export declare function map<T, To>(tree: T, fn: (leaf: LeafOf<T>, path: string) => To): Mapped<T, LeafOf<T>, To>

export declare function openRuntime(options?: OpenRuntimeOptions): Promise<Runtime>

export declare function portableModel<Weights, Inputs extends Readonly<Record<string, Spec>>>({ fn, weights, inputs }: PortableFunction<Weights, Inputs>, about: About): Uint8Array

export declare function rebuild<T, To>(like: T, values: readonly To[]): Mapped<T, LeafOf<T>, To>

export declare const sigmoid: (x: np.Array) => np.Array

export declare const softplus: (x: np.Array) => np.Array

export declare const spec: (shape: readonly number[], dtype?: DType) => Spec

export declare const swish: (x: np.Array) => np.Array
