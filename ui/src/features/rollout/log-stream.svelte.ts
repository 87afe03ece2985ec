import { backend, failureOf, type Failure, type LogBatch, type LogLine } from '$ipc';

/** A line with its number in the stream, which stays the same when older lines are let go. */
export interface NumberedLine extends LogLine {
  number: number;
}

/** Lines kept in the window; older ones are let go. The cluster still has them. */
export const KEPT = 10_000;

/**
 * The log of one module as it comes in. Batches are acknowledged after they have been taken over,
 * so that the program never runs far ahead of what the window can show.
 */
export class LogStream {
  lines = $state.raw<NumberedLine[]>([]);
  dropped = $state(0);
  errors = $state(0);
  warnings = $state(0);
  failure = $state.raw<Failure | null>(null);
  #next = 0;
  #waiting: LogBatch[] = [];
  #flush: ReturnType<typeof setTimeout> | undefined;

  take(batch: LogBatch): void {
    this.dropped += batch.dropped;
    const numbered = batch.lines.map((line) => ({ ...line, number: (this.#next += 1) }));
    for (const line of numbered) {
      if (line.level === 'error') this.errors += 1;
      else if (line.level === 'warn') this.warnings += 1;
    }
    const all = [...this.lines, ...numbered];
    this.lines = all.length > KEPT ? all.slice(all.length - KEPT) : all;
  }

  /** Opens the stream; returns the way to close it. Made for `$effect`. */
  open(release: string, environment: string, module: string): () => void {
    this.clear();
    let closed = false;
    let stream: number | null = null;

    // Several batches that arrive between two looks are drawn once.
    const drain = () => {
      this.#flush = undefined;
      const batches = this.#waiting.splice(0);
      for (const batch of batches) this.take(batch);
      const last = batches.at(-1);
      if (last && stream !== null && !closed) void backend().logsAcknowledge(stream, last.sequence).catch(() => undefined);
    };
    const receive = (batch: LogBatch) => {
      if (closed) return;
      this.#waiting.push(batch);
      this.#flush ??= setTimeout(drain, 250);
    };

    backend()
      .logsOpen(release, environment, module, receive)
      .then((opened) => {
        stream = opened;
        if (closed) void backend().logsClose(opened).catch(() => undefined);
      })
      .catch((thrown: unknown) => {
        if (!closed) this.failure = failureOf(thrown);
      });

    return () => {
      closed = true;
      clearTimeout(this.#flush);
      this.#flush = undefined;
      if (stream !== null) void backend().logsClose(stream).catch(() => undefined);
    };
  }

  /** Forgets what the log before said. */
  clear(): void {
    this.lines = [];
    this.dropped = 0;
    this.errors = 0;
    this.warnings = 0;
    this.failure = null;
    this.#next = 0;
    this.#waiting = [];
  }
}
