import { overwriteGetLocale, overwriteSetLocale, type Locale } from '../paraglide/runtime.js';
import type { Language, Text } from '$ipc';

/* The compiled messages ask for the language on every call. Because it is a rune, everything that
   shows a message is drawn again when it changes: no reload, and nothing that is typed is lost. */
let current = $state<Locale>('zh-CN');

overwriteGetLocale(() => current);
overwriteSetLocale((locale) => {
  speak(locale);
});

export function language(): Language {
  return current;
}

/** Switches the language of the window; `lang` also chooses the right shapes of Han characters. */
export function speak(next: Language): void {
  current = next;
  if (typeof document !== 'undefined') document.documentElement.lang = next;
}

/** Words of a workspace in the language of the window. */
export function words(text: Text | null | undefined): string {
  if (!text) return '';
  const [first, second] = current === 'en' ? [text.en, text.zh] : [text.zh, text.en];
  return first || second;
}
