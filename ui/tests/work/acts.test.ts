import { describe, expect, it, vi } from 'vitest';
import type { Backend, LogBatch, RolloutView } from '$ipc';
import { moduleStatusWord, session, speak } from '$shared';
import AuditScreen from '../../src/features/audit/AuditScreen.svelte';
import { chainCells, entriesPerCell } from '../../src/features/audit/chain-cells';
import { jsonTokens } from '../../src/features/audit/json-tokens';
import ChangesScreen from '../../src/features/changes/ChangesScreen.svelte';
import { diffRows, differences } from '../../src/features/changes/diff-rows';
import ChecklistScreen from '../../src/features/checklist/ChecklistScreen.svelte';
import GateScreen from '../../src/features/gate/GateScreen.svelte';
import RolloutScreen from '../../src/features/rollout/RolloutScreen.svelte';
import { bands, countLooks } from '../../src/features/rollout/pod-bands';
import { chain } from '../../fixtures/audit';
import { banner } from '../../fixtures/clusters';
import { waivableBy } from '../../fixtures/gate-acts';
import { release } from '../../fixtures/release';
import { changes, longObject } from '../../fixtures/changes';
import { logBatch, runningRollout, slots } from '../../fixtures/rollout';
import { start, workspace } from '../../fixtures/workspace';
import { byTest, key, mustFind, open, press, settle, type } from './stage';

const unlocked = (person: string) =>
  start({
    person,
    workspace: workspace({ people: workspace().people.map((one) => ({ ...one, key: { ...one.key, state: 'unlocked' } })) }),
  });

describe('the gate', () => {
  it('signs a waiver only with twenty characters, counted as a person counts', async () => {
    const waive = vi.fn();
    await open('gate', GateScreen, {
      change: { start: unlocked('wangwu'), release: waivableBy(release(), 'wangwu') },
      wrap: (backend) => ({ ...backend, waive: (...args) => { waive(...args); return backend.waive(...args); } }),
    });
    await press('waive-soak');
    await type('waive-reason', '指标都在基线内𠮷𠮷');
    expect(mustFind('waive-counter').textContent).toContain('9 /');
    expect((mustFind('waive-sign') as HTMLButtonElement).disabled).toBe(true);
    expect(mustFind('waive-sign-reason').textContent).toContain('11');
    await type('waive-reason', '苏州十五分钟四项指标都在基线以内没有任何告警');
    await press('waive-sign');
    expect(waive).toHaveBeenCalledWith('REL-20260915-01', expect.objectContaining({ stage: 'bj-prod', condition: 'soak' }));
    expect(mustFind('waiver-soak').textContent).toContain('王五');
  });

  it('tells whoever is not the manager who can waive, and takes a request', async () => {
    const waiverAsk = vi.fn();
    await open('gate', GateScreen, {
      change: { start: unlocked('zhangsan') },
      wrap: (backend) => ({ ...backend, waiverAsk: (...args) => { waiverAsk(...args); return backend.waiverAsk(...args); } }),
    });
    await press('waive-soak');
    expect(byTest('waive-form')).toBeNull();
    expect(mustFind('waive-ask-form').textContent).toContain('只有发布经理 王五 能豁免');
    expect((mustFind('waive-ask') as HTMLButtonElement).disabled).toBe(true);
    await type('waive-ask-reason', '午前必须完成');
    await press('waive-ask');
    expect(waiverAsk).toHaveBeenCalledWith('REL-20260915-01', 'bj-prod', 'soak', '午前必须完成');
    expect(mustFind('waiver-asked-soak').textContent).toContain('午前必须完成');
  });

  it('shows the first gate too, and says why the last one stays closed', async () => {
    await open('gate', GateScreen);
    expect(mustFind('gate-open-reason').textContent).toContain('②');
    await press('gate-stage-bj-offline');
    expect(mustFind('gate-state').textContent).toContain('闸门已放行');
  });

  it('never offers to waive what may not be waived', async () => {
    await open('gate', GateScreen);
    expect(byTest('waive-checklist')).toBeNull();
    expect(mustFind('condition-checklist').textContent).toContain('不可豁免');
  });
});

describe('the changes', () => {
  it('declares a stray change in its place', async () => {
    const changeDeclare = vi.fn();
    await open('changes', ChangesScreen, {
      wrap: (backend) => ({ ...backend, changeDeclare: (...args) => { changeDeclare(...args); return backend.changeDeclare(...args); } }),
    });
    await press('declare-0');
    await type('declare-text-0', '函数最长执行时间提高到 900 秒');
    await press('declare-save-0');
    expect(changeDeclare).toHaveBeenCalledWith('REL-20260915-01', { text: '函数最长执行时间提高到 900 秒', object: 'ConfigMap/faasapi-config', path: 'data.MAX_FUNC_TIMEOUT' });
    expect(byTest('undeclared-0')).toBeNull();
    expect((mustFind('diff-review') as HTMLButtonElement).disabled).toBe(false);
  });

  it('walks the differences with J and K', async () => {
    await open('changes', ChangesScreen);
    await key('j');
    expect(mustFind('diff-position').textContent).toContain('1 /');
    await key('j');
    expect(mustFind('diff-position').textContent).toContain('2 /');
    await key('k');
    expect(mustFind('diff-position').textContent).toContain('1 /');
  });

  it('draws fewer than 100 rows of 10,000 lines', async () => {
    await open('changes', ChangesScreen, { change: { changes: (e) => changes(e, { objects: [longObject(10_000)], undeclared: 0 }) } });
    const drawn = mustFind('diff-lines').querySelectorAll('[data-index]').length;
    expect(drawn).toBeGreaterThan(10);
    expect(drawn).toBeLessThan(100);
  });

  it('puts the callout right under the lines it is about', () => {
    const object = changes('bj-ontest').objects.find((one) => one.undeclared.length > 0)!;
    const rows = diffRows(object);
    const at = rows.findIndex((row) => row.row === 'undeclared');
    const before = rows[at - 1];
    expect(before?.row === 'line' && before.line.undeclared).toBe(true);
    expect(differences(rows).length).toBe(4);
  });
});

describe('the rollout', () => {
  it('asks before it stops, and pauses with P', async () => {
    const stop = vi.fn();
    await open('rollout', RolloutScreen, {
      change: { banner: banner('bj-prod'), rollout: runningRollout },
      wrap: (backend) => ({ ...backend, rolloutStop: (...args) => { stop(); return backend.rolloutStop(...args); } }),
    });
    await press('rollout-stop');
    expect(stop).not.toHaveBeenCalled();
    await press('rollout-stop-cancel');
    await key('p');
    expect(byTest('rollout-resume')).toBeTruthy();
    expect(mustFind('pod-ready-count').textContent).toBe('7 / 12');
  });

  it('names who paused it, and lifts that pause only with a reason', async () => {
    const lifted = vi.fn();
    const held = (environment: string): RolloutView => ({
      ...runningRollout(environment),
      paused: [{ object: 'Deployment/fission-executor', by: 'kubectl-rollout' }],
      may: { ...runningRollout(environment).may, lift_pause: true },
    });
    await open('rollout', RolloutScreen, {
      change: { banner: banner('bj-prod'), rollout: held },
      wrap: (backend) => ({ ...backend, rolloutLiftPause: (...args) => { lifted(...args); return backend.rolloutLiftPause(...args); } }),
    });
    expect(mustFind('rollout-paused-by-others').textContent).toContain('kubectl-rollout');
    await press('rollout-lift');
    expect(mustFind('rollout-note-confirm').hasAttribute('disabled')).toBe(true);
    await type('rollout-note', '已和值班确认');
    await press('rollout-note-confirm');
    expect(lifted).toHaveBeenCalledWith('REL-20260915-01', 'bj-prod', 'Deployment/fission-executor', '已和值班确认');
    expect(byTest('rollout-paused-by-others')).toBeFalsy();
  });

  it('asks a person about what no status judges, and says what cannot be paused', async () => {
    const waits = (environment: string): RolloutView => ({
      ...runningRollout(environment),
      objects: [
        { object: 'Environment/node', stand: 'notJudged', said: null, note: { code: 'notJudged', object: null, params: {} } },
        { object: 'Job/migrate', stand: 'waiting', said: '0 of 1 pods have succeeded, 0 have failed', note: null },
      ],
      goes_on: ['StatefulSet/db'],
      may: { ...runningRollout(environment).may, pause: false, cannot_pause: true, confirm_seen: true },
    });
    await open('rollout', RolloutScreen, { change: { banner: banner('bj-prod'), rollout: waits } });
    expect(mustFind('rollout-unseen').textContent).toContain('Environment/node');
    expect(mustFind('rollout-unseen').textContent).not.toContain('Job/migrate');
    expect(mustFind('rollout-objects').textContent).toContain('0 of 1 pods have succeeded');
    expect(mustFind('rollout-cannot-pause').textContent).toContain('StatefulSet/db');
    expect(byTest('rollout-pause')).toBeFalsy();
    await press('rollout-stop');
    expect(mustFind('rollout-stop-dialog').textContent).toContain('StatefulSet/db');
  });

  it('acknowledges what it has taken, and draws fewer than 100 of 10,000 lines', async () => {
    const acknowledged = vi.fn();
    let send: (batch: LogBatch) => void = () => undefined;
    await open('rollout', RolloutScreen, {
      change: { banner: banner('bj-prod'), rollout: runningRollout },
      wrap: (backend): Backend => ({
        ...backend,
        logsOpen: async (_r, _e, _m, receive) => { send = receive; return 7; },
        logsAcknowledge: async (stream, sequence) => void acknowledged(stream, sequence),
      }),
    });
    for (let batch = 1; batch <= 20; batch += 1) send(logBatch(batch, 500));
    await settle(320);
    expect(acknowledged).toHaveBeenLastCalledWith(7, 20);
    const drawn = mustFind('log-lines').querySelectorAll('[data-index]').length;
    expect(drawn).toBeGreaterThan(5);
    expect(drawn).toBeLessThan(100);
  });

  it('keeps the log of a module that has passed until another one rolls out and nobody holds it', async () => {
    const opened: string[] = [];
    let told: RolloutView = runningRollout('bj-prod');
    let send: (batch: LogBatch) => void = () => undefined;
    await open('rollout', RolloutScreen, {
      change: { banner: banner('bj-prod') },
      wrap: (backend): Backend => ({
        ...backend,
        rolloutView: async () => told,
        logsOpen: async (_r, _e, module, receive) => { opened.push(module); send = receive; return opened.length; },
      }),
    });
    const comes = async (module: string, status: RolloutView['status']) => {
      told = runningRollout('bj-prod', { module, status });
      session.changed({ topic: 'rollout', subject: null, revision: 1 });
      await vi.waitFor(() => expect(mustFind('rollout-status').textContent).toContain(moduleStatusWord(status)), 5000);
    };
    const first = told.module ?? '';
    send(logBatch(1, 3));
    await comes('fission-agent', 'waiting');
    expect(mustFind('log-module').textContent).toBe(first);
    await vi.waitFor(() => expect(mustFind('log-lines').textContent).not.toBe(''));
    await press('log-hold');
    await comes('fission-agent', 'running');
    expect(opened).toEqual([first]);
    await press('log-hold');
    await settle();
    expect(opened).toEqual([first, 'fission-agent']);
    expect(byTest('log-module')).toBeNull();
  });

  it('cuts slots into bands without losing one', () => {
    const cut = bands(slots(300, 10), 30);
    expect(cut.length).toBe(10);
    expect(cut.at(-1)?.first).toBe(271);
    expect(cut.flatMap((band) => band.slots).length).toBe(300);
  });

  it('says how many of three hundred pods look how', async () => {
    const all = slots(300, 10);
    const counts = countLooks(all);
    await open('rollout', RolloutScreen, {
      change: {
        banner: banner('bj-prod'),
        rollout: (environment) => runningRollout(environment, { pods: { ...runningRollout(environment).pods, slots: all } }),
      },
    });
    expect(Number(mustFind('legend-runOld').textContent)).toBe(counts.get('runOld'));
    expect(Number(mustFind('legend-ready').textContent)).toBe(counts.get('ready'));
    expect([...counts.values()].reduce((sum, one) => sum + one, 0)).toBe(2 * all.length);
    expect(countLooks([{ old: null, new: null }])).toEqual(new Map([['gone', 2]]));
  });
});

describe('the checklist', () => {
  const asVerifier = { start: unlocked('lisi'), banner: banner('sz-prod', { person: 'lisi', role: 'verifier' }) } as const;

  it('signs with Space and goes on to the next item', async () => {
    const tick = vi.fn();
    await open('checklist', ChecklistScreen, {
      change: asVerifier, place: { stage: 'sz-prod' },
      wrap: (backend) => ({ ...backend, tick: (...args) => { tick(...args); return backend.tick(...args); } }),
    });
    await key(' ');
    expect(tick).toHaveBeenCalledWith('REL-20260915-01', { stage: 'sz-prod', item: 'create', passed: true, note: null });
    expect(mustFind('item-create').dataset['state']).toBe('passed');
    expect(mustFind('item-trigger').getAttribute('aria-current')).toBe('true');
  });

  it('moves with J and K', async () => {
    await open('checklist', ChecklistScreen, { change: asVerifier, place: { stage: 'sz-prod' } });
    await key('j');
    expect(mustFind('item-trigger').getAttribute('aria-current')).toBe('true');
    await key('k');
    await key('k');
    expect(mustFind('item-configure').getAttribute('aria-current')).toBe('true');
  });

  it('wants to know what was seen before it signs "not passed"', async () => {
    await open('checklist', ChecklistScreen, { change: asVerifier, place: { stage: 'sz-prod' } });
    await press('tick-fail-create');
    expect((mustFind('tick-fail-sign') as HTMLButtonElement).disabled).toBe(true);
    await type('tick-fail-note', '返回 502');
    await press('tick-fail-sign');
    expect(mustFind('item-create').dataset['state']).toBe('failed');
  });

  it('lets the operator look and says why not tick', async () => {
    await open('checklist', ChecklistScreen, { place: { stage: 'sz-prod' } });
    expect(byTest('tick-create')).toBeNull();
    await key(' ');
    expect(mustFind('item-create').dataset['state']).toBe('open');
  });
});

describe('the ledger', () => {
  it('draws fewer than 100 rows of 10,000 entries', async () => {
    await open('audit', AuditScreen, { change: { chain: chain(10_000) } });
    await press('audit-release-clear');
    await settle(100);
    const drawn = mustFind('audit-rows').querySelectorAll('[data-index]').length;
    expect(drawn).toBeGreaterThan(10);
    expect(drawn).toBeLessThan(100);
  });

  it('opens an entry with J, shows its link and signature, and exports with Ctrl E', async () => {
    await open('audit', AuditScreen);
    await key('j');
    await key('j');
    expect(mustFind('audit-detail').textContent).toContain('#1283');
    expect(mustFind('audit-detail-verdict').textContent).toContain('签名');
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'e', ctrlKey: true, bubbles: true }));
    await settle();
    await press('audit-export-csv');
    expect((mustFind('audit-export-path') as HTMLInputElement).value).toMatch(/\.csv$/);
    await press('audit-export-run');
    expect(mustFind('audit-export-done').textContent).toContain('1284');
  });

  it('keeps what is shown when the language changes', async () => {
    await open('audit', AuditScreen);
    await press('audit-row-1283');
    speak('en');
    await settle();
    expect(mustFind('audit-detail').textContent).toContain('Item signed');
    expect(session.release?.id).toBe('REL-20260915-01');
  });

  it('draws nothing after a broken entry as verified', () => {
    const cells = chainCells(chain(1284, { verified: 1284, broken_at: 872 }), null);
    const at = cells.findIndex((cell) => cell.state === 'broken');
    expect([cells[at]?.first, cells[at]?.last]).toEqual([861, 880]);
    expect(cells.slice(at + 1).every((cell) => cell.state === 'after')).toBe(true);
    expect(entriesPerCell(1284)).toBe(20);
    expect(entriesPerCell(5_000_000) * 66).toBeGreaterThanOrEqual(5_000_000);
  });

  it('has a cell for what was cut off at the end', () => {
    for (const entries of [0, 1, 66, 1284]) {
      const cells = chainCells(chain(entries, { verified: entries, broken_at: entries + 1 }), null);
      expect(cells.at(-1)?.state).toBe('broken');
      expect(cells.at(-1)?.last).toBe(entries + 1);
    }
  });

  it('colours JSON without losing a character, even what is no JSON', () => {
    for (const text of ['{\n  "a": "b\\"c",\n  "n": -1.5e3, "t": true\n}', 'not "json', '']) {
      expect(jsonTokens(text).map((token) => token.text).join('')).toBe(text);
    }
  });
});
