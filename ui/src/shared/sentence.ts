import { visible } from './format/hostile';
import { language } from './language.svelte';

/** A message that names values. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every message names other values
export type Sentence = (values?: any) => string;

/** Values for a sentence: printable, and a dash for what the program did not say. */
export function named(params: Record<string, string>): Record<string, string> {
  return new Proxy(params, {
    get: (target, key) => {
      // Words of a workspace come in both languages, as `stage.zh` and `stage.en`.
      const spoken = language() === 'en' ? 'en' : 'zh';
      const value = typeof key === 'string' ? (target[`${key}.${spoken}`] ?? target[key]) : undefined;
      return value === undefined || value === '' ? '—' : visible(value);
    },
  });
}
