/* The one place that listens to keys. A combination is written as `ctrl+k`, `l`, `f1`, `/`.
   - Single characters are off while a text field has the focus.
   - While an input method composes, no key means anything (`isComposing`, or the 229 that
     WebKit sends for the Enter that ends a composition).
   - While a dialog is open only its own keys work, and those that must work everywhere. */

/** How a combination is listened to. */
export interface KeyOptions {
  /** Works through open dialogs too (help, the way back). */
  everywhere?: boolean;
  /** Called when the combination is let go; makes it a key that is held. */
  released?: () => void;
}

interface Entry extends KeyOptions {
  combo: string;
  run: (event: KeyboardEvent) => void;
  scope: number;
}

const entries: Entry[] = [];
const scopes: number[] = [0];
let nextScope = 1;
let held: Entry | undefined;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button])'));

/** The combination of a key press, as the list above writes it. */
export function comboOf(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase();
  const shifted = event.shiftKey && key.length > 1;
  return `${event.ctrlKey || event.metaKey ? 'ctrl+' : ''}${event.altKey ? 'alt+' : ''}${shifted ? 'shift+' : ''}${key}`;
}

const composing = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;

function find(combo: string): Entry | undefined {
  const top = scopes[scopes.length - 1];
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i];
    if (entry && entry.combo === combo && (entry.everywhere || entry.scope === top)) return entry;
  }
  return undefined;
}

function pressed(event: KeyboardEvent): void {
  if (composing(event) || event.defaultPrevented) return;
  const combo = comboOf(event);
  if (combo.length === 1 && typing(event.target)) return;
  const entry = find(combo);
  if (!entry) return;
  event.preventDefault();
  if (event.repeat) return;
  if (entry.released) held = entry;
  entry.run(event);
}

function letGo(): void {
  const entry = held;
  held = undefined;
  entry?.released?.();
}

function released(event: KeyboardEvent): void {
  if (!held) return;
  const key = event.key.toLowerCase();
  if (['control', 'meta', 'alt'].includes(key) || held.combo.endsWith(key)) letGo();
}

/** Starts listening; returns the way to stop. Called once by the frame. */
export function listenToKeys(target: Window = window): () => void {
  target.addEventListener('keydown', pressed);
  target.addEventListener('keyup', released);
  target.addEventListener('blur', letGo);
  return () => {
    target.removeEventListener('keydown', pressed);
    target.removeEventListener('keyup', released);
    target.removeEventListener('blur', letGo);
    letGo();
  };
}

/** Registers a key; the newest registration wins. Returns the way to take it back:
    `$effect(() => onKey('g', openGate))`. */
export function onKey(combo: string, run: (event: KeyboardEvent) => void, options: KeyOptions = {}): () => void {
  const entry: Entry = { ...options, combo, run, scope: scopes[scopes.length - 1] ?? 0 };
  entries.push(entry);
  return () => {
    if (held === entry) letGo();
    const at = entries.indexOf(entry);
    if (at >= 0) entries.splice(at, 1);
  };
}

/** Opens a scope of its own (a dialog); returns the way to close it. */
export function openKeyScope(): () => void {
  const scope = nextScope;
  nextScope += 1;
  scopes.push(scope);
  return () => {
    const at = scopes.indexOf(scope);
    if (at > 0) scopes.splice(at, 1);
  };
}
