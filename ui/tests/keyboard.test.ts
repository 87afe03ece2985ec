import { fireEvent } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenToKeys, onKey, openKeyScope } from '../src/shared/keyboard';

describe('keyboard', () => {
  let stop: () => void;
  const offs: (() => void)[] = [];
  const on = (...args: Parameters<typeof onKey>) => offs.push(onKey(...args));
  beforeEach(() => {
    stop = listenToKeys();
    document.body.innerHTML = '<input id="field" /><button id="button">b</button>';
  });
  afterEach(() => {
    stop();
    offs.splice(0).forEach((off) => off());
  });
  const press = (init: KeyboardEventInit, target: Element = document.body) => fireEvent.keyDown(target, init);
  const field = () => document.querySelector('#field')!;

  it('runs a single letter outside of text fields only', async () => {
    const run = vi.fn();
    on('g', run);
    await press({ key: 'g' }, field());
    expect(run).not.toHaveBeenCalled();
    await press({ key: 'g' }, document.querySelector('#button')!);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('runs combinations and function keys in text fields too', async () => {
    const run = vi.fn();
    on('ctrl+k', run);
    on('f1', run);
    await press({ key: 'k', ctrlKey: true }, field());
    await press({ key: 'F1' }, field());
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('means nothing while an input method composes', async () => {
    const run = vi.fn();
    on('escape', run);
    on('g', run);
    await press({ key: 'Escape', isComposing: true }, field());
    await press({ key: 'g', isComposing: true });
    await press({ key: 'Escape', keyCode: 229 }, field());
    await press({ key: 'Process', keyCode: 229 });
    expect(run).not.toHaveBeenCalled();
  });

  it('ignores repetitions', async () => {
    const run = vi.fn();
    on('l', run);
    await press({ key: 'l' });
    await press({ key: 'l', repeat: true });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('lets a dialog have its own keys, and those that work everywhere', async () => {
    const below = vi.fn();
    const everywhere = vi.fn();
    const inside = vi.fn();
    on('g', below);
    on('escape', below);
    on('f1', everywhere, { everywhere: true });
    const close = openKeyScope();
    on('escape', inside);
    await press({ key: 'g' });
    await press({ key: 'Escape' });
    await press({ key: 'F1' });
    expect(below).not.toHaveBeenCalled();
    expect(inside).toHaveBeenCalledTimes(1);
    expect(everywhere).toHaveBeenCalledTimes(1);
    close();
    await press({ key: 'g' });
    expect(below).toHaveBeenCalledTimes(1);
  });

  it('gives the newest registration the key, and the older one back', async () => {
    const older = vi.fn();
    const newer = vi.fn();
    on('escape', older);
    const off = onKey('escape', newer);
    await press({ key: 'Escape' });
    off();
    await press({ key: 'Escape' });
    expect([older.mock.calls.length, newer.mock.calls.length]).toEqual([1, 1]);
  });
});
