import type { Theme } from '$ipc';

let chosen = $state<Theme>('system');

const dark = (): MediaQueryList | undefined =>
  typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : undefined;

function show(): void {
  const isDark = chosen === 'dark' || (chosen === 'system' && (dark()?.matches ?? false));
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
}

dark()?.addEventListener?.('change', show);

export const theme = (): Theme => chosen;

/** Light, dark, or as the system says. */
export function applyTheme(next: Theme): void {
  chosen = next;
  show();
}
