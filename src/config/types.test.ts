import { expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { schedulesSchema } from "./information-schedules/index.js";
import type { configSchema } from "./schema.js";
import type { levelSchema, modelSchema } from "./sections/model.js";
import type { objectiveSchema } from "./sections/objective.js";
import type { optimizerSchema } from "./sections/optimizer.js";
import type { trainingSchema } from "./sections/training.js";
import type {
  CompleteConfigInput,
  Config,
  InformationScheduleConfig,
  InformationScheduleInput,
  LevelConfig,
  LevelInput,
  ModelConfig,
  ModelInput,
  ObjectiveConfig,
  ObjectiveInput,
  OptimizerConfig,
  OptimizerInput,
  TrainingConfig,
  TrainingInput,
} from "./types.js";

test("the written types are those of the schema", () => {
  expectTypeOf<LevelConfig>().toEqualTypeOf<z.output<typeof levelSchema>>();
  expectTypeOf<LevelInput>().toEqualTypeOf<z.input<typeof levelSchema>>();
  expectTypeOf<ModelConfig>().toEqualTypeOf<z.output<typeof modelSchema>>();
  expectTypeOf<ModelInput>().toEqualTypeOf<z.input<typeof modelSchema>>();
  expectTypeOf<InformationScheduleConfig>().toEqualTypeOf<z.output<typeof schedulesSchema>>();
  expectTypeOf<InformationScheduleInput>().toEqualTypeOf<z.input<typeof schedulesSchema>>();
  expectTypeOf<ObjectiveInput>().toEqualTypeOf<z.input<typeof objectiveSchema>>();
  expectTypeOf<Omit<ObjectiveConfig, "informationSchedule">>().toEqualTypeOf<
    Omit<z.output<typeof objectiveSchema>, "informationSchedule">
  >();
  expectTypeOf<OptimizerConfig>().toEqualTypeOf<z.output<typeof optimizerSchema>>();
  expectTypeOf<OptimizerInput>().toEqualTypeOf<z.input<typeof optimizerSchema>>();
  expectTypeOf<TrainingConfig>().toEqualTypeOf<z.output<typeof trainingSchema>>();
  expectTypeOf<TrainingInput>().toEqualTypeOf<z.input<typeof trainingSchema>>();
  expectTypeOf<Omit<Config, "objective">>().toEqualTypeOf<Omit<z.output<typeof configSchema>, "objective">>();
  expectTypeOf<CompleteConfigInput>().toEqualTypeOf<z.input<typeof configSchema>>();
});
