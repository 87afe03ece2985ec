import { visible } from './format/hostile';
import { language } from './language.svelte';
import { phrases, type Sentence } from './phrases';

export type { Sentence } from './phrases';

const own = (all: Record<string, Sentence> | undefined, code: string): Sentence | undefined => (all && Object.hasOwn(all, code) ? all[code] : undefined);

/** Values for a sentence: printable, and a dash for what the program did not say. */
export function named(params: Record<string, string>): Record<string, string> {
  return new Proxy(params, {
    get: (target, key) => {
      // Words of a workspace come in both languages, as `stage.zh` and `stage.en`.
      const spoken = language() === 'en' ? 'en' : 'zh';
      const value = typeof key === 'string' ? (target[`${key}.${spoken}`] ?? target[key]) : undefined;
      const phrase = typeof key === 'string' && value !== undefined && Object.hasOwn(phrases, key) ? own(phrases[key], value) : undefined;
      if (phrase) return phrase(named(params));
      return value === undefined || value === '' ? '—' : visible(value);
    },
  });
}
