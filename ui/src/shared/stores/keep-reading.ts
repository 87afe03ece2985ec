import type { Topic } from '$ipc';
import type { Reading } from './attempt.svelte';
import { paced } from './paced';
import { session, whenChanged } from './session.svelte';

/**
 * Reads now, and again whenever something of the topics changed, at a pace that a reader can follow:
 * a rollout changes many times a second. Returns the way to stop:
 * What may be pressed depends on who sits here, so that another person begins anew.
 * `$effect(() => keepReading(reading, () => backend().rolloutView(…), ['rollout']))`.
 */
export function keepReading<T>(reading: Reading<T>, ask: () => Promise<T>, topics: Topic[]): () => void {
  void session.person;
  const { run, stop } = paced(() => reading.read(ask));
  reading.forget();
  run();
  const offs = topics.map((topic) => whenChanged(topic, run));
  return () => {
    stop();
    offs.forEach((off) => off());
  };
}
