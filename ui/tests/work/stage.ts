import { render } from '@testing-library/svelte';
import axe from 'axe-core';
import { tick, type Component } from 'svelte';
import { expect } from 'vitest';
import { useBackend, type Backend, type Language } from '$ipc';
import { go, listenToKeys, session, setClock, speak, type Place, type Screen } from '$shared';
import { story, tell, type Story } from '../../fixtures/backend';
import { storyNow } from '../../fixtures/day';

/** How high a scrolling box is in these tests; jsdom lays nothing out. */
const BOX = 600;
const ROW = 20;

Object.defineProperty(HTMLElement.prototype, 'offsetHeight', {
  configurable: true,
  get(this: HTMLElement) {
    return this.getAttribute('role') === 'region' ? BOX : ROW;
  },
});
Object.defineProperty(HTMLElement.prototype, 'offsetWidth', { configurable: true, get: () => 800 });
globalThis.ResizeObserver = class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = () => undefined;

export interface Opened {
  backend: Backend;
  container: HTMLElement;
}

/** Opens a screen as the window would: a told story, a release, a person, a language. */
export async function open(
  screen: Screen,
  Shown: Component,
  { change = {}, language = 'zh-CN', place = {}, wrap = (backend) => backend }:
    { change?: Partial<Story>; language?: Language; place?: Place; wrap?: (backend: Backend) => Backend } = {},
): Promise<Opened> {
  session.reset();
  setClock(storyNow);
  const backend = wrap(tell(story(change)));
  useBackend(backend);
  await session.load();
  await session.open('REL-20260915-01');
  speak(language);
  go(screen, place);
  stop?.();
  stop = listenToKeys();
  const off = await backend.onChanged((changed) => session.changed(changed));
  const { container } = render(Shown);
  void off;
  await settle();
  return { backend, container };
}
let stop: (() => void) | undefined;

/** Lets everything that was asked be answered and drawn. */
export async function settle(ms = 30): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
  await tick();
}

export const byTest = (id: string): HTMLElement | null => document.querySelector(`[data-testid="${id}"]`);

export function mustFind(id: string): HTMLElement {
  const found = byTest(id);
  if (!found) throw new Error(`nothing has the test id ${id}`);
  return found;
}

export async function press(id: string): Promise<void> {
  mustFind(id).click();
  await settle();
}

export async function type(id: string, text: string): Promise<void> {
  const field = mustFind(id) as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await settle();
}

export async function key(name: string): Promise<void> {
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
  await settle();
}

/** Nothing that axe finds wrong; colours are judged in the browser, jsdom draws none. */
export async function expectAccessible(container: HTMLElement): Promise<void> {
  const { violations } = await axe.run(container, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } });
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).slice(0, 2).join(' ')}`)).toEqual([]);
}
