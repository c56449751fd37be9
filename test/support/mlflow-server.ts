/** @file An MLflow server that speaks the few routes in use, on this machine. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A run as the server has it. */
interface TrackedRun {
  name: string;
  status: string;
  params: Record<string, string>;
  metrics: { key: string; value: number; timestamp: number; step: number }[];
}

export interface MlflowServer {
  url: string;
  experiments: string[];
  runs: TrackedRun[];
  /** What came with each request. */
  authorizations: (string | undefined)[];
  /** Answers in the server's place, unless it returns "pass". */
  fault: ((route: string, response: ServerResponse) => unknown) | undefined;
  close(): void;
}

/** Starts one. Requests that the interface would refuse are refused. */
export async function startMlflow(): Promise<MlflowServer> {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const route = request.url!.replace("/api/2.0/mlflow/", "");
    mlflow.authorizations.push(request.headers.authorization);
    if (mlflow.fault && mlflow.fault(route, response) !== "pass") return;
    const body = JSON.parse(Buffer.concat(pieces).toString());
    const answer = (json: object, status = 200) => response.writeHead(status).end(JSON.stringify(json));
    const refuse = (message: string) => answer({ error_code: "INVALID_PARAMETER_VALUE", message }, 400);
    const run = mlflow.runs[Number(body.run_id)];
    switch (route) {
      case "experiments/create":
        if (mlflow.experiments.includes(body.name)) return answer({ error_code: "RESOURCE_ALREADY_EXISTS" }, 400);
        mlflow.experiments.push(body.name);
        return answer({ experiment_id: String(mlflow.experiments.length - 1) });
      case "experiments/search": {
        const name = /^name = '(.*)'$/.exec(body.filter)![1];
        return answer({ experiments: [{ experiment_id: String(mlflow.experiments.indexOf(name)), name }] });
      }
      case "runs/create":
        mlflow.runs.push({ name: body.run_name, status: "RUNNING", params: {}, metrics: [] });
        return answer({ run: { info: { run_id: String(mlflow.runs.length - 1) } } });
      case "runs/log-batch": {
        const { metrics = [], params = [] } = body;
        if (metrics.length > 1000 || params.length > 100) return refuse("too many");
        if (metrics.some(({ key }: { key: string }) => !/^[\w\-. /]+$/.test(key))) return refuse("a name");
        run.metrics.push(...metrics);
        for (const { key, value } of params) run.params[key] = value;
        return answer({});
      }
      case "runs/update":
        run.status = body.status;
        return answer({ run_info: {} });
      default:
        return answer({ error_code: "ENDPOINT_NOT_FOUND" }, 404);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const mlflow: MlflowServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ experiments: [], runs: [], authorizations: [], fault: undefined },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return mlflow;
}
