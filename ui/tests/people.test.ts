import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useBackend, type Backend } from '$ipc';
import { askForKey, askForNewKey, keyRequest, session, setClock, speak, watchActivity, withSeat } from '$shared';
import { story, tell } from '../fixtures/backend';
import { storyNow } from '../fixtures/day';
import { start, workspace } from '../fixtures/workspace';
import KeyDialog from '../src/features/people/KeyDialog.svelte';
import PeopleDialog from '../src/features/people/PeopleDialog.svelte';

const calls: [string, unknown[]][] = [];

/** The told program, with every command about seats and keys noted. */
function noted(backend: Backend): Backend {
  const note = <K extends keyof Backend>(name: K) =>
    ((...args: unknown[]) => {
      calls.push([name, args]);
      return (backend[name] as (...all: unknown[]) => unknown)(...args);
    }) as Backend[K];
  return {
    ...backend, seatTake: note('seatTake'), seatLeave: note('seatLeave'), keyUnlock: note('keyUnlock'), keyRegister: note('keyRegister'),
    preferencesSet: note('preferencesSet'),
  };
}

const dialog = () => {
  const request = keyRequest();
  if (!request) throw new Error('nothing is asked for');
  return render(KeyDialog, { request });
};
const type = (id: string, value: string) => fireEvent.input(screen.getByTestId(id), { target: { value } });
const enter = (id: string) => fireEvent.keyDown(screen.getByTestId(id), { key: 'Enter' });

beforeEach(async () => {
  calls.length = 0;
  setClock(storyNow);
  speak('en');
  useBackend(noted(tell(story())));
  session.reset();
  await session.load();
  speak('en');
});

// A dialog that a test leaves open is not the next one's.
afterEach(() => keyRequest()?.settle(false));

describe('a seat', () => {
  it('is taken with the passphrase of who sits down, by Enter', async () => {
    const asked = askForKey('lisi');
    dialog();
    await enter('passphrase');
    expect(calls).toEqual([]);
    await type('passphrase', 'harbour pilot');
    await enter('passphrase');
    expect(await asked).toBe(true);
    expect(calls).toEqual([['seatTake', ['lisi', 'harbour pilot']]]);
    expect(session.person).toBe('lisi');
    expect(session.personOf('zhangsan')?.key.state).toBe('locked');
  });

  it('stays with who had it when the passphrase is wrong', async () => {
    void askForKey('lisi');
    dialog();
    await type('passphrase', 'wrong');
    await enter('passphrase');
    await screen.findByTestId('failure');
    expect(session.person).toBe('zhangsan');
  });

  it('is left without a key, and who has none can only make one', async () => {
    render(PeopleDialog, { onclose: () => undefined });
    await fireEvent.click(screen.getByTestId('person-leave'));
    await waitFor(() => expect(session.person).toBeNull());
    expect(session.personOf('zhangsan')?.key.state).toBe('locked');
    expect(screen.queryByTestId('person-zhaoliu')).toBeNull();
    expect(screen.getByTestId('key-create-zhaoliu')).toBeTruthy();
  });

  it('is proven again before anything goes forward, and not when it is', async () => {
    const action = vi.fn(async () => 'done');
    expect(await withSeat(action)).toBe('done');
    expect(keyRequest()).toBeNull();
    useBackend(tell(story({ start: start({ workspace: workspace({ people: workspace().people.map((one) => ({ ...one, key: { ...one.key, state: 'locked' as const } })) }) }) })));
    await session.load();
    const waiting = withSeat(action);
    expect(keyRequest()?.purpose).toBe('unlock');
    keyRequest()?.settle(false);
    expect(await waiting).toBeNull();
    expect(action).toHaveBeenCalledTimes(1);
  });

  it('has its idle time in the preferences', async () => {
    render(PeopleDialog, { onclose: () => undefined });
    await fireEvent.change(screen.getByTestId('idle-lock'), { target: { value: '0' } });
    await waitFor(() => expect(calls.at(-1)?.[0]).toBe('preferencesSet'));
    expect(calls.at(-1)?.[1]).toEqual([expect.objectContaining({ lock_after_minutes: 0 })]);
  });
});

describe('a new key', () => {
  it('is witnessed by somebody else with their own passphrase', async () => {
    const asked = askForNewKey('lisi');
    dialog();
    await type('passphrase', 'lighthouse keeper');
    await type('passphrase-again', 'lighthouse keeper');
    await enter('passphrase-again');
    expect(calls).toEqual([]);
    expect(screen.getByTestId('key-confirm-reason').textContent).toContain('王五');
    await type('witness-passphrase', 'wrong');
    await enter('witness-passphrase');
    await screen.findByTestId('failure');
    await type('witness-passphrase', 'harbour pilot');
    await enter('witness-passphrase');
    expect(await asked).toBe(true);
    const form = { person: 'lisi', passphrase: 'lighthouse keeper', witness: 'wangwu', witness_passphrase: 'harbour pilot' };
    expect(calls.at(-1)).toEqual(['keyRegister', [form]]);
  });

  it('says when its witness is the other of operator and verifier', async () => {
    void askForNewKey('lisi');
    dialog();
    expect(screen.queryByTestId('key-witness-counterpart')).toBeNull();
    await fireEvent.change(screen.getByTestId('key-witness'), { target: { value: 'zhangsan' } });
    expect(screen.getByTestId('key-witness-counterpart').textContent).toContain('张三');
  });
});

describe('activity', () => {
  it('is told at once after a pause, and seldom while it lasts', () => {
    const touched = vi.fn(async () => undefined);
    useBackend({ ...tell(story()), seatTouch: touched });
    let now = 1_000_000;
    const stop = watchActivity(() => now);
    const touch = () => window.dispatchEvent(new Event('pointermove'));
    touch();
    touch();
    expect(touched).toHaveBeenCalledTimes(1);
    now += 20_000;
    touch();
    expect(touched).toHaveBeenCalledTimes(2);
    // The clock was set back.
    now -= 3_600_000;
    touch();
    expect(touched).toHaveBeenCalledTimes(3);
    stop();
    now += 60_000;
    touch();
    expect(touched).toHaveBeenCalledTimes(3);
  });
});
