/** @file The Kubernetes manifest of docs/scale.md: of the form that MPI Operator's `v2beta1` takes, and a command line that Strata takes. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { trainCommand } from "../../src/cli/commands/train.js";

const object = (properties: object, required: string[] = Object.keys(properties)) => {
  return { type: "object", properties, required, additionalProperties: false };
};
const list = (items: object) => ({ type: "array", items, minItems: 1 });
const text = { type: "string", minLength: 1 };
const whole = { type: "integer", minimum: 1 };
const amounts = object({
  cpu: { type: "string", pattern: "^\\d+m?$" },
  memory: { type: "string", pattern: "^\\d+[KMGT]i$" },
});

const container = object(
  {
    ...{ name: text, image: text, command: list(text), args: list(text) },
    env: list(object({ name: text, value: text })),
    resources: object({ requests: amounts, limits: amounts }),
    volumeMounts: list(object({ name: text, mountPath: { type: "string", pattern: "^/" } })),
  },
  ["name", "image"],
);
const pod = object(
  {
    terminationGracePeriodSeconds: whole,
    containers: list(container),
    volumes: list(object({ name: text, persistentVolumeClaim: object({ claimName: text }) })),
  },
  ["containers"],
);
const replica = object({ replicas: whole, template: object({ spec: pod }) });

/** What the manifest uses of `MPIJob`, kubeflow.org/v2beta1, and nothing else: a misspelt field is refused. */
const schema = object({
  apiVersion: { const: "kubeflow.org/v2beta1" },
  kind: { const: "MPIJob" },
  metadata: object({ name: { type: "string", pattern: "^[a-z0-9-]+$" } }),
  spec: object({
    slotsPerWorker: whole,
    runLauncherAsWorker: { type: "boolean" },
    runPolicy: object({ cleanPodPolicy: { enum: ["None", "Running", "All"] }, backoffLimit: whole }),
    mpiImplementation: { enum: ["OpenMPI", "Intel", "MPICH"] },
    mpiReplicaSpecs: object({ Launcher: replica, Worker: replica }),
  }),
});

const manifest = parse(readFileSync(new URL("../../docs/kubernetes/mpijob.yaml", import.meta.url), "utf8"));

test("the manifest fits its schema", () => {
  const ajv = new Ajv();
  const fits = ajv.validate(schema, manifest);
  expect(ajv.errors ?? []).toEqual([]);
  expect(fits).toBe(true);
});

test("it starts as many processes as there are pods, of a command line that there is", () => {
  const { slotsPerWorker, mpiReplicaSpecs: specs } = manifest.spec;
  const [{ command, args, volumeMounts }] = specs.Launcher.template.spec.containers;
  const pods = specs.Launcher.replicas + specs.Worker.replicas; // the launcher's is one of them
  expect(Number(command[command.indexOf("-n") + 1])).toBe(slotsPerWorker * pods);
  expect(args.slice(0, 2)).toEqual(["strata", "train"]);
  const options = args.filter((word: string) => word.startsWith("--"));
  const known = trainCommand.options.map(({ long }) => long);
  expect(options.filter((option: string) => !known.includes(option))).toEqual([]);
  expect(options).toContain("--resume");
  const out: string = args[args.indexOf("--out") + 1];
  expect(volumeMounts.some(({ mountPath }: { mountPath: string }) => out.startsWith(`${mountPath}/`))).toBe(true);
});
