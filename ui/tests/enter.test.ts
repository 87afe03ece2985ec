import { fireEvent, render } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import Dialog from '../src/shared/components/Dialog.svelte';

const children = createRawSnippet(() => ({
  render: () => '<div><input data-testid="field" /><textarea data-testid="lines"></textarea><span data-confirm><button data-testid="confirm">ok</button></span></div>',
}));

function opened(primary?: () => unknown) {
  const { getByTestId } = render(Dialog, { title: 'A dialog', testid: 'dialog', onclose: () => undefined, primary, children });
  return getByTestId;
}
/** False when the dialog has taken the key for itself. */
const enter = (target: Element, init: KeyboardEventInit = {}) => fireEvent.keyDown(target, { key: 'Enter', ...init });

describe('Enter in a dialog', () => {
  it('does what the dialog declares, from a field and from the dialog itself', async () => {
    const primary = vi.fn();
    const get = opened(primary);
    expect(await enter(get('field'))).toBe(false);
    expect(await enter(get('dialog'))).toBe(false);
    expect(primary).toHaveBeenCalledTimes(2);
  });

  it('makes a new line in a field of several lines; Ctrl Enter confirms there', async () => {
    const primary = vi.fn();
    const get = opened(primary);
    expect(await enter(get('lines'))).toBe(true);
    expect(primary).not.toHaveBeenCalled();
    await enter(get('lines'), { ctrlKey: true });
    expect(primary).toHaveBeenCalledTimes(1);
  });

  it('is the input method’s while it composes, and nothing while the key is held down', async () => {
    const primary = vi.fn();
    const get = opened(primary);
    await enter(get('field'), { isComposing: true });
    await enter(get('field'), { keyCode: 229 });
    await enter(get('field'), { repeat: true });
    expect(primary).not.toHaveBeenCalled();
  });

  it('leaves a button to itself where something is declared', async () => {
    const get = opened(vi.fn());
    expect(await enter(get('confirm'))).toBe(true);
  });

  it('confirms nothing where nothing is declared: neither from a field nor on the button that would', async () => {
    const get = opened();
    expect(await enter(get('field'))).toBe(false);
    expect(await enter(get('confirm'))).toBe(false);
  });
});
