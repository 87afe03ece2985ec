import type { Topic } from '$ipc';
import type { Reading } from './attempt.svelte';
import { whenChanged } from './session.svelte';

/**
 * Reads now, and again whenever something of the topics changed. While an answer is under way,
 * further changes wait for one more question: a rollout changes many times a second. Returns the
 * way to stop: `$effect(() => keepReading(reading, () => backend().rolloutView(…), ['rollout']))`.
 */
export function keepReading<T>(reading: Reading<T>, ask: () => Promise<T>, topics: Topic[]): () => void {
  let stopped = false;
  let asking = false;
  let again = false;

  async function read(): Promise<void> {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    await reading.read(ask);
    asking = false;
    if (again && !stopped) {
      again = false;
      await read();
    }
  }

  reading.forget();
  void read();
  const offs = topics.map((topic) => whenChanged(topic, () => void read()));
  return () => {
    stopped = true;
    offs.forEach((off) => off());
  };
}
