import { render } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import type { ChecklistItemView, ChecklistView, ItemProbeView, ProbeFindingView, TimelineEntry } from '$ipc';
import { go, knownVerbs, route, session, speak } from '$shared';
import ChecklistScreen from '../../src/features/checklist/ChecklistScreen.svelte';
import BellDialog from '../../src/features/frame/BellDialog.svelte';
import ClosingDialog from '../../src/features/frame/ClosingDialog.svelte';
import OverviewScreen from '../../src/features/overview/OverviewScreen.svelte';
import { leadOf } from '../../src/features/overview/timeline-leads';
import RolloutScreen from '../../src/features/rollout/RolloutScreen.svelte';
import { logBatch, runningRollout } from '../../fixtures/rollout';
import { checklist } from '../../fixtures/checklist';
import { byTest, expectAccessible, mustFind, open, press, settle } from './stage';

describe('what names a place leads there', () => {
  it('a notification, to the rollout of its environment', async () => {
    await open('overview', OverviewScreen);
    const closed = vi.fn();
    const { container } = render(BellDialog, { onclose: closed });
    await settle();
    await expectAccessible(container);
    await press('notification-open-REL-20260915-01/1271');
    expect(closed).toHaveBeenCalled();
    expect([route.screen, route.place.environment]).toEqual(['rollout', 'sz-prod']);
    expect(session.banner?.environment).toBe('sz-prod');
  });

  it('an entry of the timeline, to the screen that tells more about it', async () => {
    await open('overview', OverviewScreen);
    await press('timeline-open-1258-modulePassed');
    expect([route.screen, route.place.environment]).toEqual(['rollout', 'sz-prod']);
    await open('overview', OverviewScreen);
    await press('timeline-open-1236-gateOpened');
    expect([route.screen, route.place.stage]).toEqual(['gate', 'sz-prod']);
    // What names no place is no button.
    expect(byTest('timeline-open-1177-releaseCreated')).toBeNull();
    go('overview');
  });

  it('only verbs that the ledger knows', () => {
    const entry: TimelineEntry = { entry: 1, at: '', verb: '', params: {}, reasons: [], person: null, environment: null, environment_id: 'e', stage: 's', mark: 'good' };
    const leading = knownVerbs.filter((verb) => leadOf({ ...entry, verb }));
    expect(leading).toContain('itemTicked');
    expect(leading).toContain('factRecorded');
    expect(leading.length).toBeGreaterThan(20);
    expect(leadOf({ ...entry, verb: 'modulePassed', environment_id: null })).toBeNull();
  });
});

describe('a pod', () => {
  it('shows its own lines of the log, and all of them when pressed again', async () => {
    const pod = runningRollout('sz-prod').pods.slots.map((slot) => slot.new).find((one) => one !== null)!;
    const other = { ...logBatch(1, 1).lines[0]!, pod: 'another', text: 'not of this pod' };
    const own = { ...other, pod: pod.short, text: 'of this pod' };
    await open('rollout', RolloutScreen, {
      change: { rollout: runningRollout },
      wrap: (backend) => ({
        ...backend,
        logsOpen: async (_release, _environment, _module, receive) => {
          receive({ sequence: 1, lines: [other, own], dropped: 0 });
          return 1;
        },
      }),
    });
    await settle(320);
    const log = () => mustFind('log').textContent ?? '';
    expect(log()).toContain('not of this pod');
    await press(`pod-${pod.short}`);
    expect(mustFind(`pod-${pod.short}`).getAttribute('aria-pressed')).toBe('true');
    expect(mustFind('log-pod').textContent).toContain(pod.name);
    expect(log()).toContain('of this pod');
    expect(log()).not.toContain('not of this pod');
    await press('log-all-pods');
    expect(byTest('log-pod')).toBeNull();
    expect(log()).toContain('not of this pod');
  });
});

describe('an item that an address answers', () => {
  const probe = (finding: ProbeFindingView | null): ItemProbeView => ({ url: 'https://shop.example/healthz', status: 200, contains: 'ok', finding, may_ask: true, why_not: null });
  const finding = (change: Partial<ProbeFindingView>): ProbeFindingView => ({
    at: '2026-09-15T03:05:00.000Z', by: { id: 'lisi', name: '李四' }, verdict: 'held', status: 200, contains: true, text: '<b>ok</b>', more: false, trouble: null, ...change,
  });
  const listed = (stage: string, of: ItemProbeView, state: ChecklistItemView['state']): ChecklistView => {
    const view = checklist(stage);
    const post = view.phases.find((phase) => phase.phase === 'post')!;
    const like = post.groups[0]!.items[0]!;
    post.groups[0]!.items.unshift({ ...like, id: 'web', automatic: true, signature: null, evidence: null, state, probe: of });
    return view;
  };

  it.each(['zh-CN', 'en'] as const)('is asked once when the list is looked at, and says what came, in %s', async (language) => {
    const asked = vi.fn();
    let answered: ItemProbeView = probe(null);
    const { container } = await open('checklist', ChecklistScreen, {
      language,
      place: { stage: 'sz-prod' },
      wrap: (backend) => ({
        ...backend,
        checklistView: async (_, stage) => listed(stage, answered, answered.finding ? 'failed' : 'open'),
        itemProbe: async (release, stage, item) => {
          asked(release, stage, item);
          answered = probe(finding({ verdict: 'notHeld', status: 503, contains: false }));
          return listed(stage, answered, 'failed');
        },
      }),
    });
    await settle(60);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(asked).toHaveBeenCalledWith('REL-20260915-01', 'sz-prod', 'web');
    await press('phase-post');
    mustFind('item-web').click();
    await settle();
    const panel = mustFind('probe-web');
    expect(panel.getAttribute('data-verdict')).toBe('notHeld');
    expect(panel.textContent).toContain('503');
    expect(panel.textContent).toContain('李四');
    // What came is text.
    expect(panel.textContent).toContain('<b>ok</b>');
    expect(panel.querySelector('pre b')).toBeNull();
    expect(mustFind('item-web').getAttribute('data-state')).toBe('failed');
    await expectAccessible(container);
    await press('probe-ask-web');
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('that nobody reached is neither passed nor failed', async () => {
    const silent = probe(finding({ verdict: 'notReachable', status: null, contains: null, text: 'refused', trouble: 'noConnection' }));
    await open('checklist', ChecklistScreen, {
      place: { stage: 'sz-prod' },
      wrap: (backend) => ({ ...backend, checklistView: async (_, stage) => listed(stage, silent, 'unknown') }),
    });
    await press('phase-post');
    mustFind('item-web').click();
    await settle();
    expect(mustFind('probe-web').getAttribute('data-verdict')).toBe('notReachable');
    expect(mustFind('probe-web').textContent).toContain('无法访问：无法建立连接');
    expect(mustFind('item-web').getAttribute('data-state')).toBe('unknown');
  });
});

describe('closing on running work', () => {
  it.each(['zh-CN', 'en'] as const)('offers three ways in %s, and Enter changes nothing', async (language) => {
    const answer = vi.fn();
    await open('overview', OverviewScreen, {
      wrap: (backend) => ({ ...backend, closingAnswer: async (choice) => answer(choice) }),
    });
    speak(language);
    const closed = vi.fn();
    const work = [{ release: 'REL-20260915-01', environment: 'sz-prod', name: { zh: '苏州 prod', en: 'Suzhou prod' }, back: true }];
    const { container } = render(ClosingDialog, { view: { work }, onclose: closed });
    await settle();
    await expectAccessible(container);
    expect(mustFind('closing-sz-prod').textContent).toContain(language === 'en' ? 'rollback' : '回滚');
    mustFind('closing-dialog').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    await settle();
    expect(answer).toHaveBeenLastCalledWith('stay');
    expect(closed).toHaveBeenCalledTimes(1);
    await press('closing-keep');
    expect(answer).toHaveBeenLastCalledWith('keep');
    await press('closing-stop');
    expect(answer).toHaveBeenLastCalledWith('stop');
    // It stays until the program has ended.
    expect(closed).toHaveBeenCalledTimes(2);
  });
});
