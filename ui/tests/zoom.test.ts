import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { story, tell } from '../fixtures/backend';
import { storyNow } from '../fixtures/day';
import ZoomControl from '../src/features/frame/ZoomControl.svelte';
import { useBackend, type Preferences } from '../src/ipc';
import { listenToKeys, openKeyScope, session, setClock, zoom, zoomKeys } from '../src/shared';
import { takePreferences } from '../src/shared/stores/preferences.svelte';
import App from '../src/views/App.svelte';

describe('zoom', () => {
  let sent: Preferences[];
  const offs: (() => void)[] = [];

  beforeEach(() => {
    takePreferences({ language: 'zh-CN', theme: 'light', zoom: 100, lock_after_minutes: 15 });
    sent = [];
    useBackend({ ...tell(story()), preferencesSet: async (preferences) => void sent.push(preferences) });
    offs.push(listenToKeys(), zoomKeys());
    document.body.innerHTML = '<input id="field" />';
  });
  afterEach(() => offs.splice(0).forEach((off) => off()));
  const press = (key: string, more: KeyboardEventInit = {}) => fireEvent.keyDown(document.querySelector('#field')!, { key, ctrlKey: true, ...more });

  it.each([
    ['+', {}], ['+', { shiftKey: true, code: 'Equal' }], ['=', {}], ['+', { code: 'NumpadAdd' }], ['+', { ctrlKey: false, metaKey: true }],
  ])('is larger with Ctrl or Cmd and %s %o, while somebody types', async (key, more) => {
    await press(key, more);
    expect(zoom()).toBe(110);
    await waitFor(() => expect(sent.map((one) => one.zoom)).toEqual([110]));
  });

  it('is smaller with Ctrl −, as it was with Ctrl 0, and stays within its steps', async () => {
    for (const expected of [90, 80, 80]) {
      await press('-');
      expect(zoom()).toBe(expected);
    }
    await press('0');
    expect(zoom()).toBe(100);
    for (const expected of [110, 125, 150, 175, 200, 200]) {
      await press('+');
      expect(zoom()).toBe(expected);
    }
    await waitFor(() => expect(sent.at(-1)?.zoom).toBe(200));
  });

  it('means nothing without Ctrl, and works behind a dialog', async () => {
    const close = openKeyScope();
    await press('+', { ctrlKey: false });
    expect(zoom()).toBe(100);
    await press('+');
    expect(zoom()).toBe(110);
    close();
  });

  it('is sent one after the other, and the last one is the last', async () => {
    const answers: (() => void)[] = [];
    const preferencesSet = vi.fn((_: Preferences) => new Promise<void>((done) => void answers.push(done)));
    useBackend({ ...tell(story()), preferencesSet });
    await press('+');
    await press('+');
    await press('0');
    await waitFor(() => expect(answers).toHaveLength(1));
    for (const [index, called] of [2, 3].entries()) {
      answers[index]!();
      await waitFor(() => expect(preferencesSet).toHaveBeenCalledTimes(called));
    }
    answers[2]!();
    expect(preferencesSet.mock.calls.at(-1)![0].zoom).toBe(100);
  });

  it('can be chosen: a step down, a step up, one of all', async () => {
    render(ZoomControl);
    await fireEvent.click(screen.getByTestId('zoom-in'));
    expect(zoom()).toBe(110);
    await fireEvent.change(screen.getByTestId('zoom'), { target: { value: '200' } });
    expect(zoom()).toBe(200);
    expect((screen.getByTestId('zoom-in') as HTMLButtonElement).disabled).toBe(true);
    await fireEvent.click(screen.getByTestId('zoom-out'));
    expect(zoom()).toBe(175);
    for (const testid of ['zoom-in', 'zoom', 'zoom-out']) expect(screen.getByTestId(testid).getAttribute('aria-label')).toBeTruthy();
  });

  it('is what the program has kept, and a start that fails does not take it back', async () => {
    session.reset();
    setClock(storyNow);
    const told = story({ preferences: { language: 'en', theme: 'dark', zoom: 150, lock_after_minutes: 15 }, failing: { start: { code: 'ledgerInUse' } } });
    useBackend({ ...tell(told), preferencesSet: async (preferences) => void sent.push(preferences) });
    render(App);
    await waitFor(() => expect(screen.getByTestId('start-failure')).toBeTruthy());
    expect((screen.getByTestId('zoom') as HTMLSelectElement).value).toBe('150');
    await fireEvent.click(screen.getByTestId('theme'));
    await waitFor(() => expect(sent).toEqual([{ language: 'en', theme: 'system', zoom: 150, lock_after_minutes: 15 }]));
  });
});
