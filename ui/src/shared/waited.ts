import type { ConditionView } from '$ipc';

/** How far a condition is, in its own unit. Seconds of waiting run on between two answers of the program. */
export function waited(condition: ConditionView, now: number): number {
  const progress = condition.progress;
  if (!progress) return 0;
  if (progress.unit !== 'seconds' || condition.state !== 'waiting' || !condition.expected_at) return progress.done;
  const left = Math.max(0, (Date.parse(condition.expected_at) - now) / 1000);
  return Math.max(0, Math.min(progress.total, progress.total - left));
}
