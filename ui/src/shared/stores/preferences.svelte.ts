import { ZOOM_STEPS, backend, type Preferences } from '$ipc';
import { m } from '$messages';
import { announce } from '../announcer.svelte';
import { onKey } from '../keyboard';
import { language, speak } from '../language.svelte';
import { applyTheme, theme } from '../theme.svelte';

/** As large as the screens are drawn. */
const USUAL = 100;

let percent = $state<number>(USUAL);
let lockAfter = $state<number>(15);

/** Idle minutes after which the key in the seat is locked; 0 for never. */
export const lockAfterMinutes = (): number => lockAfter;

/** Sets them, and has the program keep them. */
export function lockAfterSo(minutes: number): void {
  lockAfter = minutes;
  keepPreferences();
}

/** How large everything is, in percent. The program does it; this only knows. */
export const zoom = (): number => percent;

/** Takes over what the program has kept. */
export function takePreferences(kept: Preferences): void {
  speak(kept.language);
  applyTheme(kept.theme);
  percent = kept.zoom;
  lockAfter = kept.lock_after_minutes;
}

let sent: Promise<void> = Promise.resolve();

/** Has the program keep what is chosen now: one call after the other, or the last key pressed may not
    be the last one heard. What was chosen holds at once; that it cannot be kept is no reason to take
    it back. */
export function keepPreferences(): void {
  sent = sent.then(() => backend().preferencesSet({ language: language(), theme: theme(), zoom: zoom(), lock_after_minutes: lockAfter })).catch(() => undefined);
}

/** Makes everything so large. */
export function zoomTo(next: number): void {
  if (next === percent) return;
  percent = next;
  announce(m.settings_zoom_now({ percent }));
  keepPreferences();
}

/** A step larger or smaller; none beyond the last. */
export function stepZoom(by: 1 | -1): void {
  const at = ZOOM_STEPS.findIndex((step) => step === percent);
  zoomTo(ZOOM_STEPS[at + by] ?? percent);
}

const LARGER = ['ctrl++', 'ctrl+='];

/** The keys that every browser has for it; they work while one types and behind no dialog. */
export function zoomKeys(): () => void {
  const everywhere = { everywhere: true };
  const offs = [
    ...LARGER.map((combo) => onKey(combo, () => stepZoom(1), everywhere)),
    onKey('ctrl+-', () => stepZoom(-1), everywhere),
    onKey('ctrl+0', () => zoomTo(USUAL), everywhere),
  ];
  return () => offs.forEach((off) => off());
}
