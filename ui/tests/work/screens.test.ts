import { describe, expect, it } from 'vitest';
import type { Component } from 'svelte';
import type { Screen } from '$shared';
import AuditScreen from '../../src/features/audit/AuditScreen.svelte';
import ChangesScreen from '../../src/features/changes/ChangesScreen.svelte';
import ChecklistScreen from '../../src/features/checklist/ChecklistScreen.svelte';
import GateScreen from '../../src/features/gate/GateScreen.svelte';
import RolloutScreen from '../../src/features/rollout/RolloutScreen.svelte';
import type { Story } from '../../fixtures/backend';
import { chain } from '../../fixtures/audit';
import { changes, conflictObject, notRun, rejectedObject } from '../../fixtures/changes';
import { opened, ready, seenBy, waived } from '../../fixtures/gate-acts';
import { release } from '../../fixtures/release';
import { failedRollout, grid, pausedRollout, runningRollout, waitingRollout } from '../../fixtures/rollout';
import { start } from '../../fixtures/workspace';
import { expectAccessible, mustFind, open } from './stage';

const broken = { code: 'clusterUnreachable', params: { cluster: 'sz-prod-01', host: 'api.example:6443' } } as const;
const waiver = { stage: 'bj-prod', condition: 'soak', reason: '苏州十五分钟四项指标都在基线以内没有任何告警', make_up_by: '2026-09-15T08:00:00Z' };

/* Every state a screen was designed for: name, screen, what is told, what has to be seen. */
const states: [string, Screen, Component, Partial<Story>, string][] = [
  ['a closed gate', 'gate', GateScreen, {}, 'gate-blockers'],
  ['a gate with a vote to cast', 'gate', GateScreen, { release: seenBy(release(), 'verifier') }, 'vote-go'],
  ['a gate with a waiver', 'gate', GateScreen, { release: waived(release(), waiver) }, 'waiver-soak'],
  ['a gate that may be opened', 'gate', GateScreen, { release: ready(release(), 'bj-prod') }, 'gate-open'],
  ['an open gate', 'gate', GateScreen, { release: opened(ready(release(), 'bj-prod'), 'bj-prod') }, 'gate-opened'],
  ['a release without gates', 'gate', GateScreen, { release: release({ gates: [] }) }, 'screen-gate'],
  ['a diff with a stray change', 'changes', ChangesScreen, {}, 'declare-0'],
  ['no dry run yet', 'changes', ChangesScreen, { changes: notRun }, 'changes-empty'],
  ['a conflict and a rejection', 'changes', ChangesScreen, { changes: (e) => changes(e, { objects: [rejectedObject(), conflictObject()], conflicts: 1 }) }, 'diff-rejected'],
  ['a failed dry run', 'changes', ChangesScreen, { changes: (e) => changes(e, { state: 'failed', failure: { ...broken, reasons: [], detail: null } }) }, 'failure'],
  ['a dry run that goes on', 'changes', ChangesScreen, { changes: (e) => changes(e, { state: 'running' }) }, 'diff-cancel'],
  ['changes that cannot be read', 'changes', ChangesScreen, { failing: { changesView: broken } }, 'failure'],
  ['a rollout that waits', 'rollout', RolloutScreen, { rollout: (e) => waitingRollout(e) }, 'rollout-arm'],
  ['a rollout that is unlocked', 'rollout', RolloutScreen, { rollout: (e) => waitingRollout(e, true) }, 'rollout-start'],
  ['a rollout that runs', 'rollout', RolloutScreen, { rollout: runningRollout }, 'rollout-pause'],
  ['a rollout that is paused', 'rollout', RolloutScreen, { rollout: pausedRollout }, 'rollout-resume'],
  ['a rollout that failed', 'rollout', RolloutScreen, { rollout: failedRollout }, 'rollout-failed'],
  ['a rollout of 300 pods', 'rollout', RolloutScreen, { rollout: (e) => runningRollout(e, { pods: grid(300, 121) }) }, 'pods-dense'],
  ['no rollout', 'rollout', RolloutScreen, { rollout: (e) => runningRollout(e, { module: null, modules: [] }) }, 'rollout-empty'],
  ['a checklist as others see it', 'checklist', ChecklistScreen, {}, 'why-not-create'],
  ['a checklist that cannot be read', 'checklist', ChecklistScreen, { failing: { checklistView: broken } }, 'failure'],
  ['a whole ledger', 'audit', AuditScreen, {}, 'audit-row-1284'],
  ['a broken ledger', 'audit', AuditScreen, { chain: chain(1284, { verified: 871, broken_at: 872 }) }, 'chain-verdict'],
  ['an empty ledger', 'audit', AuditScreen, { chain: chain(0, { head: null }), start: start({ chain: chain(0, { head: null }) }) }, 'audit-empty'],
  ['a ledger that cannot be read', 'audit', AuditScreen, { failing: { ledgerPage: { code: 'ledgerBroken', params: { sequence: '872' } } } }, 'failure'],
];

describe.each(['zh-CN', 'en'] as const)('in %s', (language) => {
  it.each(states)('%s is shown without barriers', async (_, screen, Shown, change, seen) => {
    const { container } = await open(screen, Shown, { change, language });
    expect(mustFind(seen)).toBeTruthy();
    await expectAccessible(container);
  });
});
