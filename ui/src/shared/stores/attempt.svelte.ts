import { failureOf, type Failure } from '$ipc';
import { kept } from './kept';

/** One thing a person can set going: whether it is under way, and why it was not done. */
export class Attempt {
  busy = $state(false);
  failure = $state<Failure | null>(null);

  /** Runs it, once at a time; null when it was not done (`failure` says why). */
  async run<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.busy) return null;
    this.busy = true;
    this.failure = null;
    try {
      return await work();
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.failure = null;
  }
}

/** A view read from the program. A later answer to an earlier question is dropped, and what is
    shown stays while it is read again. */
export class Reading<T> {
  value = $state.raw<T | null>(null);
  failure = $state<Failure | null>(null);
  busy = $state(false);
  #asked = 0;

  async read(ask: () => Promise<T>): Promise<void> {
    const asked = (this.#asked += 1);
    this.busy = true;
    try {
      const value = await ask();
      if (asked !== this.#asked) return;
      this.value = kept(this.value, value);
      this.failure = null;
    } catch (thrown) {
      if (asked === this.#asked) this.failure = failureOf(thrown);
    } finally {
      if (asked === this.#asked) this.busy = false;
    }
  }

  /** Takes an answer that a command brought along. */
  take(value: T): void {
    this.#asked += 1;
    this.value = kept(this.value, value);
    this.failure = null;
    this.busy = false;
  }

  /** Forgets everything, when another subject is shown. */
  forget(): void {
    this.#asked += 1;
    this.value = null;
    this.failure = null;
    this.busy = false;
  }
}
