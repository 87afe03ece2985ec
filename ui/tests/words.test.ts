import { render } from '@testing-library/svelte';
import { beforeEach, describe, expect, it } from 'vitest';
import { release } from '../fixtures/release';
import { left } from '../src/features/overview/left';
import type { ConditionView, NextStep } from '../src/ipc';
import { Name, ago, setClock, speak, verbSentence } from '../src/shared';

describe('the words of the ledger', () => {
  beforeEach(() => speak('zh-CN'));

  it('are no codes', () => {
    expect(verbSentence('mutationIntended', { verb: 'apply', object: 'Deployment/router' })).toBe('将要写入 Deployment/router');
    expect(verbSentence('mutationSettled', { verb: 'restore', object: 'Deployment/router', outcome: 'applied' })).toBe('还原 Deployment/router：已生效');
    expect(verbSentence('notificationSent', { kind: 'needsYou', delivered: 'true' })).toBe('已发送桌面通知（需要处理）');
    expect(verbSentence('conditionWaived', { condition: 'soakPassed', reason: '已看过' })).toBe('豁免条件「观察期满」：已看过');
    expect(verbSentence('refused', { code: 'conditionUnmet', condition: 'backupTaken' })).toContain('旧版本已备份');
  });

  it('say why a rollout ended, part by part', () => {
    const reasons = [
      { code: 'noProgress', object: 'Deployment/router', params: { seconds: '60', updated: '1', wanted: '2', available: '0' } },
      { code: 'podNotReady', object: null, params: { pod: 'router-1', why: 'CrashLoopBackOff' } },
    ] as const;
    const said = () => verbSentence('moduleFailed', { module: 'router' }, reasons);
    expect(said()).toBe('router 失败：Deployment/router：60 秒没有进展，2 个中已更新 1 个、可用 0 个；Pod router-1：CrashLoopBackOff');
    speak('en');
    expect(said()).toBe('router failed: Deployment/router: no progress for 60 s (1/2 updated, 0 available); pod router-1: CrashLoopBackOff');
    const changed = { code: 'changedAfter', object: 'Deployment/router', params: {} } as const;
    expect(verbSentence('moduleErrored', { module: 'router' }, [changed])).toMatch(/applied$/);
    expect(verbSentence('moduleErrored', { module: 'router' }, [{ ...changed, params: { fields: 'spec.replicas (kubectl)' } }])).toMatch(/applied: spec.replicas \(kubectl\)$/);
  });

  it('leave the verbs of Kubernetes as they are', () => {
    expect(verbSentence('refused', { code: 'permissionMissing', verb: 'patch', resource: 'deployments', namespace: 'fission' })).not.toMatch(/apply|写入/);
  });
});

describe('what is left', () => {
  const condition = (kind: ConditionView['kind'], state: ConditionView['state']): ConditionView => ({
    id: kind, kind, state, params: {}, evidence: null, progress: null, person: null, waivable: false, waiver: null, may_waive: false, asked: null, expected_at: null,
  });
  const step = (kind: NextStep['kind']): NextStep => ({
    kind, stage: 'suzhou', environment: null, module: null, person: null, done: null, total: null, expected_at: null,
  });
  const told = release();
  const gate = { ...told.gates[0]!, open: false };

  it('is the number that the gate says, told by its first two', () => {
    const conditions = [condition('previousStagePassed', 'met'), condition('soakPassed', 'waiting'), condition('checklistComplete', 'unmet'), condition('diffReviewed', 'unmet'), condition('backupTaken', 'waived')];
    const found = left({ ...told, gates: [{ ...gate, conditions }], next: [step('soak'), step('signChecklist'), step('vote')] });
    expect(found.count).toBe(3);
    expect(found.steps.length).toBe(2);
    expect(found.more).toBe(1);
    expect(found.gate?.stage).toBe(gate.stage);
  });

  it('is the steps themselves while modules go, and when the gate lacks only votes', () => {
    const conditions = [condition('soakPassed', 'unmet')];
    const going = left({ ...told, gates: [{ ...gate, conditions }], next: [step('watch')] });
    expect([going.count, going.more, going.gate]).toEqual([1, 0, null]);
    const voting = left({ ...told, gates: [{ ...gate, conditions: [condition('soakPassed', 'met')] }], next: [step('vote'), step('vote'), step('vote')] });
    expect([voting.count, voting.more, voting.gate]).toEqual([3, 1, null]);
  });
});

describe('an age', () => {
  it('moves in steps of ten seconds, not with every tick', () => {
    speak('zh-CN');
    const now = Date.parse('2026-09-15T11:08:24+08:00');
    expect(ago(now - 9_000, now)).toBe('刚刚');
    expect(ago(now - 19_900, now)).toBe('10 秒前');
    expect(ago(now - 119_000, now)).toBe('110 秒前');
    expect(ago(now - 121_000, now)).toBe('2 分钟前');
    setClock(null);
  });
});

describe('a name', () => {
  it('keeps its end, where names of one family differ', () => {
    const { container } = render(Name, { text: 'settlement-reconciliation-worker-north-07' });
    expect(container.querySelector('.tail')?.textContent).toBe('north-07');
    expect(container.textContent).toBe('settlement-reconciliation-worker-north-07');
  });

  it('is one piece when it is short, and shows what cannot be seen', () => {
    expect(render(Name, { text: 'gateway' }).container.querySelector('.tail')).toBeNull();
    const { container } = render(Name, { text: 'pay\u202eload' });
    expect(container.textContent).not.toContain('\u202e');
  });
});
