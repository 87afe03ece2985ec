const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What was just read, with every part that is as it was before taken over from there: a view that is
 * read again and says the same is the same, and a part that did not change is not drawn again.
 * For views only, which are plain JSON. The new one is written into, for it can be ten thousand pods and
 * comes several times a second: nobody else may hold it.
 */
export function kept<T>(before: unknown, now: T): T {
  if (before === now) return now;
  if (Array.isArray(before) && Array.isArray(now)) {
    let same = before.length === now.length;
    for (let index = 0; index < now.length; index += 1) {
      now[index] = kept(before[index], now[index]);
      same &&= now[index] === before[index];
    }
    return (same ? before : now) as T;
  }
  if (isPlain(before) && isPlain(now)) {
    const keys = Object.keys(now);
    let same = keys.length === Object.keys(before).length;
    for (const key of keys) {
      const part = kept(before[key], now[key]);
      (now as Record<string, unknown>)[key] = part;
      same &&= key in before && part === before[key];
    }
    return (same ? before : now) as T;
  }
  return now;
}
