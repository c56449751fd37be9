/** @file A training run under way: a promise of its result, and an iterator of its events. */
import type { TrainingEvent, TrainingEventListener } from "./events.js";
import type { TrainResult } from "./loop.js";

/**
 * What `train` returns: `await` it for the result, go through its events with `for await`, or both.
 *
 * While you iterate, training waits for each event to be taken. Leaving the loop early stops training as an aborted signal
 * does: the micro-batch under way is finished and a checkpoint saved. A failure ends the loop with its error.
 */
export interface TrainingRun extends Promise<TrainResult>, AsyncIterable<TrainingEvent> {}

/** Hands over one event after the other. */
class Events {
  #waiting: { event: TrainingEvent; taken: () => void } | undefined;
  #taken: () => void = () => {};
  #wake: () => void = () => {};
  #over = false;

  /** Resolves when the event has been worked through: when the one after it is asked for. */
  emit(event: TrainingEvent): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting = { event, taken };
      this.#wake();
    });
  }

  /** The next event; undefined when there are no more. */
  async next(): Promise<TrainingEvent | undefined> {
    this.#taken();
    if (!this.#waiting && !this.#over) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    const { event, taken = () => {} } = this.#waiting ?? {};
    this.#waiting = undefined;
    this.#taken = taken;
    return event;
  }

  close(): void {
    this.#over = true;
    this.#taken();
    this.#waiting?.taken();
    this.#wake();
  }
}

/**
 * Starts a run whose events can be iterated.
 *
 * @param start - begins training, given what hears its events and when to stop
 */
export function trainingRun(
  start: (onEvent: TrainingEventListener, signal: AbortSignal) => Promise<TrainResult>,
  { onEvent, signal }: { onEvent?: TrainingEventListener; signal?: AbortSignal },
): TrainingRun {
  const stopping = new AbortController();
  let events: Events | undefined;
  const emit: TrainingEventListener = async (event) => {
    await onEvent?.(event);
    await events?.emit(event);
  };
  const result = start(emit, signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal);
  const iterate = (): AsyncIterator<TrainingEvent, undefined> => {
    if (events) throw new Error("The events of this training run are being iterated already.");
    const iterated = new Events();
    events = iterated;
    const close = () => iterated.close();
    const settled = result.then(close, close);
    return {
      next: async () => {
        const event = await iterated.next();
        if (event) return { done: false, value: event };
        await result;
        return { done: true, value: undefined };
      },
      return: async () => {
        stopping.abort(new Error("The loop over the events of this training run was left."));
        iterated.close();
        await settled;
        return { done: true, value: undefined };
      },
    };
  };
  return Object.assign(result, { [Symbol.asyncIterator]: iterate });
}
