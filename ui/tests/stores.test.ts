import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { release as told } from '../fixtures/release';
import { chain, ledgerPage } from '../fixtures/audit';
import { story, tell } from '../fixtures/backend';
import { at } from '../fixtures/day';
import { LedgerList, NOTHING_WANTED } from '../src/features/audit/ledger-list.svelte';
import { useBackend } from '../src/ipc';
import { kept } from '../src/shared/stores/kept';
import { paced } from '../src/shared/stores/paced';
import { nextLook } from '../src/views/aging';

describe('kept', () => {
  const before = { id: 'a', rows: [{ n: 1 }, { n: 2 }], none: null };

  it('is the same view when it says the same', () => {
    expect(kept(before, structuredClone(before))).toBe(before);
  });

  it('takes over the parts that did not change, and only those', () => {
    const next = kept(before, { id: 'a', rows: [{ n: 1 }, { n: 3 }], none: null });
    expect(next).toEqual({ id: 'a', rows: [{ n: 1 }, { n: 3 }], none: null });
    expect(next.rows[0]).toBe(before.rows[0]);
    expect(next.rows).not.toBe(before.rows);
  });

  it('sees what came, what went and what became nothing', () => {
    expect(kept([1, 2], [1])).toEqual([1]);
    expect(kept([1], [1, 2])).toEqual([1, 2]);
    expect(kept({ a: 1, b: 2 }, { a: 1 })).toEqual({ a: 1 });
    expect(kept({ a: 1 }, { a: 1, b: undefined })).toHaveProperty('b');
    expect(kept({ a: {} }, { a: null })).toEqual({ a: null });
    expect(kept({ a: [] }, { a: {} })).toEqual({ a: {} });
    expect(kept(null, before)).toBe(before);
  });
});

describe('paced', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('works at once, then once for all that came meanwhile, and never loses the last', async () => {
    const work = vi.fn(async () => undefined);
    const { run } = paced(work);
    for (let n = 0; n < 9; n += 1) run();
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1300);
    expect(work).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('goes on after a failure, and does nothing once stopped', async () => {
    const work = vi.fn(async () => Promise.reject(new Error('no answer')));
    const { run, stop } = paced(work);
    run();
    run();
    await vi.advanceTimersByTimeAsync(1300);
    expect(work).toHaveBeenCalledTimes(2);
    run();
    run();
    stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('comes again soon where that is cheap or was calm, and seldom where it is dear again and again', async () => {
    const cases = [
      [1, 30, 120, 30, 60],
      [150, 180, 250, 750, 900],
      [5000, 5030, 5150, 6000, 6200],
    ] as const;
    for (const [takes, firstFrom, firstTo, laterFrom, laterTo] of cases) {
      const starts: number[] = [];
      const { run, stop } = paced(async () => {
        starts.push(performance.now());
        await new Promise((done) => setTimeout(done, takes));
      });
      // A storm, a calm, and a storm again: each begins alike.
      for (const _ of [1, 2]) {
        starts.length = 0;
        const storm = setInterval(run, 10);
        await vi.advanceTimersByTimeAsync(40_000);
        clearInterval(storm);
        await vi.advanceTimersByTimeAsync(20_000);
        const gaps = starts.slice(1).map((start, index) => start - starts[index]!);
        expect(gaps[0]).toBeGreaterThan(firstFrom);
        expect(gaps[0]).toBeLessThan(firstTo);
        expect(gaps[5]).toBeGreaterThan(laterFrom);
        expect(gaps[5]).toBeLessThan(laterTo);
      }
      stop();
    }
  });
});

describe('the next look at a release', () => {
  const release = told();
  const now = Date.parse(at('10:52:00'));
  const quiet = { ...release, stages: release.stages.map((stage) => ({ ...stage, soak: null })), gates: [], next: [] };

  it('comes after ten seconds when nothing is known to age', () => {
    expect(nextLook(quiet, now, 300)).toBe(10_000);
  });

  it('comes right after a soak ends', () => {
    const [first] = quiet.stages;
    const soak = { seconds: 30, from: at('10:51:34'), until: at('10:52:04'), over: false };
    expect(nextLook({ ...quiet, stages: [{ ...first!, soak }] }, now, 300)).toBe(4300);
    expect(nextLook({ ...quiet, stages: [{ ...first!, soak: { ...soak, over: true } }] }, now, 300)).toBe(10_000);
  });

  it('comes when a check of identity grows old', () => {
    const condition = { id: 'identityVerified', kind: 'identityVerified', state: 'met', params: {}, evidence: at('10:51:05'), progress: null, person: null, waivable: false, waiver: null, may_waive: false, asked: null, expected_at: null } as const;
    const gate = { ...release.gates[0]!, open: false, conditions: [condition] };
    expect(nextLook({ ...quiet, gates: [gate] }, now, 60)).toBe(5300);
    expect(nextLook({ ...quiet, gates: [{ ...gate, open: true }] }, now, 60)).toBe(10_000);
  });
});

describe('the list of the ledger', () => {
  it('grows on top and keeps what was read further down', async () => {
    let entries = 1000;
    useBackend({ ...tell(story()), ledgerPage: async (query) => ledgerPage(query, chain(entries)) });
    const list = new LedgerList();
    await list.find(NOTHING_WANTED);
    await list.more();
    expect(list.rows.length).toBe(400);
    const [top] = list.rows;
    entries = 1003;
    await list.grow();
    expect(list.rows.map((row) => row.sequence)).toEqual(Array.from({ length: 403 }, (_, index) => 1003 - index));
    expect(list.rows[3]).toBe(top);
    entries = 2000;
    await list.grow();
    expect(list.rows.map((row) => row.sequence)).toEqual(Array.from({ length: 200 }, (_, index) => 2000 - index));
  });

  it('goes on past what was counted', async () => {
    const counted = 300;
    useBackend({ ...tell(story()), ledgerPage: async (query) => ({ ...ledgerPage(query, chain(500)), matches: counted, more: true }) });
    const list = new LedgerList();
    await list.find(NOTHING_WANTED);
    while (!list.complete) await list.more();
    expect(list.rows.length).toBe(500);
    expect(list.matches).toBe(500);
  });
});
