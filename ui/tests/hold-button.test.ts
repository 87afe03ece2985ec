import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRawSnippet } from 'svelte';
import { HoldButton, listenToKeys } from '../src/shared';

const children = createRawSnippet<[number]>((share) => ({ render: () => `<span>${share()}</span>` }));
const show = (props: Record<string, unknown> = {}) => {
  const onhold = vi.fn();
  render(HoldButton, { onhold, children, testid: 'hold', ...props });
  return { onhold, button: screen.getByTestId('hold') };
};

describe('HoldButton', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'cancelAnimationFrame', 'performance', 'setTimeout', 'clearTimeout'] });
  });
  afterEach(() => vi.useRealTimers());

  it('acts once after 0.8 s under the pointer, and not again while held on', async () => {
    const { onhold, button } = show();
    await fireEvent.pointerDown(button, { button: 0 });
    await vi.advanceTimersByTimeAsync(700);
    expect(onhold).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(onhold).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(onhold).toHaveBeenCalledTimes(1);
  });

  it('does nothing on a click, or when let go or left too early', async () => {
    const { onhold, button } = show();
    await fireEvent.click(button);
    for (const end of ['pointerUp', 'pointerLeave', 'pointerCancel'] as const) {
      await fireEvent.pointerDown(button, { button: 0 });
      await vi.advanceTimersByTimeAsync(600);
      await fireEvent[end](button);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(onhold).not.toHaveBeenCalled();
  });

  it.each(['Enter', ' '])('is held by the key %j, whose repetitions do not count', async (key) => {
    const { onhold, button } = show();
    await fireEvent.keyDown(button, { key });
    for (let i = 0; i < 10; i += 1) {
      await vi.advanceTimersByTimeAsync(50);
      await fireEvent.keyDown(button, { key, repeat: true });
    }
    expect(onhold).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(400);
    expect(onhold).toHaveBeenCalledTimes(1);
    await fireEvent.keyUp(button, { key });
  });

  it('ignores the Enter that ends a composition', async () => {
    const { onhold, button } = show();
    await fireEvent.keyDown(button, { key: 'Enter', isComposing: true });
    await vi.advanceTimersByTimeAsync(1000);
    expect(onhold).not.toHaveBeenCalled();
  });

  it('is held by its shortcut from anywhere, and let go with either key', async () => {
    const stop = listenToKeys();
    const { onhold } = show({ shortcut: 'ctrl+backspace' });
    await fireEvent.keyDown(document.body, { key: 'Backspace', ctrlKey: true });
    await vi.advanceTimersByTimeAsync(500);
    await fireEvent.keyUp(document.body, { key: 'Control' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(onhold).not.toHaveBeenCalled();
    await fireEvent.keyDown(document.body, { key: 'Backspace', ctrlKey: true });
    await vi.advanceTimersByTimeAsync(900);
    expect(onhold).toHaveBeenCalledTimes(1);
    stop();
  });

  it('cannot be held when it is off or spent', async () => {
    const { onhold, button } = show({ spent: true });
    await fireEvent.pointerDown(button, { button: 0 });
    await vi.advanceTimersByTimeAsync(1500);
    expect(onhold).not.toHaveBeenCalled();
    expect(button).toHaveProperty('disabled', true);
  });
});
