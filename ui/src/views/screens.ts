import type { Component } from 'svelte';
import type { Screen } from '$shared';

/* A screen is found by its name: `src/features/<name>/<Name>Screen.svelte`. */
const found = import.meta.glob<Component>('../features/*/*Screen.svelte', { eager: true, import: 'default' });

const folder: Partial<Record<Screen, string>> = { newRelease: 'releases' };

export function screenOf(screen: Screen): Component | null {
  const name = screen.charAt(0).toUpperCase() + screen.slice(1);
  return found[`../features/${folder[screen] ?? screen}/${name}Screen.svelte`] ?? null;
}
