const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What was just read, with every part that is as it was before taken over from there: a view that is
 * read again and says the same is the same, and a part that did not change is not drawn again.
 * For views only, which are plain JSON.
 */
export function kept<T>(before: unknown, now: T): T {
  if (before === now) return now;
  if (Array.isArray(before) && Array.isArray(now)) {
    const next = now.map((one, index) => kept(before[index], one));
    return (before.length === now.length && next.every((one, index) => one === before[index]) ? before : next) as T;
  }
  if (isPlain(before) && isPlain(now)) {
    const keys = Object.keys(now);
    const next = Object.fromEntries(keys.map((key) => [key, kept(before[key], now[key])]));
    const same = keys.length === Object.keys(before).length && keys.every((key) => key in before && next[key] === before[key]);
    return (same ? before : next) as T;
  }
  return now;
}
