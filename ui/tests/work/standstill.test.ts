import { render } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { useBackend, type BackupView } from '$ipc';
import { story, tell } from '../../fixtures/backend';
import { changes } from '../../fixtures/changes';
import { at } from '../../fixtures/day';
import { runningRollout } from '../../fixtures/rollout';
import BackupCard from '../../src/features/changes/BackupCard.svelte';
import RollbackPreview from '../../src/features/rollout/RollbackPreview.svelte';
import StepList from '../../src/features/rollout/StepList.svelte';

describe('work that stands still', () => {
  const { steps, pods } = runningRollout('sz-prod');
  const running = steps.find((step) => step.state === 'running');

  it.each<[boolean, string]>([[false, '进行中'], [true, '已中断']])('says so when it was cut off: %s', (cutOff, word) => {
    const { container, getByTestId } = render(StepList, { steps, pods, cutOff });
    expect(getByTestId(`step-${running?.id}`).textContent?.includes('已中断')).toBe(cutOff);
    expect(container.querySelectorAll(`[aria-label="${word}"]`)).toHaveLength(1);
    expect(container.querySelectorAll('[aria-label="进行中"]')).toHaveLength(cutOff ? 0 : 1);
  });
});

describe('a backup that the cluster was asked about', () => {
  const card = (change: Partial<BackupView>) => {
    const { backup, ...rest } = changes('sz-prod');
    return render(BackupCard, { changes: { ...rest, backup: backup && { ...backup, ...change } }, release: 'REL-1', ontaken: () => {} });
  };

  it('is green only when every object can be put back', () => {
    expect(card({}).getByTestId('backup').className).toContain('done');
    expect(card({ proof: 'notChecked' }).getByTestId('backup-unproven').textContent).toContain('重新备份');
  });

  it('names what cannot be put back, in the words of the cluster', () => {
    const refused = [{ object: 'Deployment/router', said: 'frozen' }, { object: 'Service/router', said: null }];
    const { getByTestId, getAllByTestId } = card({ proof: 'refused', refused });
    expect(getByTestId('backup').className).not.toContain('done');
    expect(getAllByTestId('backup-refused').map((one) => one.textContent?.trim())).toEqual([
      '集群拒绝恢复 Deployment/router：frozen', 'Service/router 在备份后被删除并重建：先重新 dry-run，再重新备份',
    ]);
  });
});

describe('a preview of the rollback', () => {
  it('shows what goes back, what others changed and keeps, and leaves out what stays', async () => {
    useBackend(tell(story()));
    const { findByTestId } = render(RollbackPreview, { release: 'REL-1', environment: 'sz-prod', where: '苏州 prod', onclose: () => {} });
    const shown = await findByTestId('rollback-preview');
    expect([...shown.querySelectorAll('[data-testid="rollback-object"]')].map((one) => one.getAttribute('data-effect'))).toEqual(['restore', 'delete']);
    expect(shown.textContent).toContain('1 个字段在上线后被他人修改，保留');
    expect((await findByTestId('rollback-preview-dialog')).textContent).toContain('另外 1 个对象保持不变');
  });
});

describe('a backup that does not hold', () => {
  const told = (computed: string, mayBackUp: boolean) => {
    const { backup, ...rest } = changes('sz-prod', { computed_at: at(computed), may_back_up: mayBackUp });
    const { getByTestId } = render(BackupCard, { changes: { ...rest, backup: backup && { ...backup, holds: false } }, release: 'REL-1', ontaken: () => {} });
    return getByTestId('backup').textContent;
  };

  it.each([
    ['asks for a dry run where there is none since', '10:16:39', true, '先重新 dry-run'],
    ['goes by the dry run that was made since', '10:16:41', true, '按这次 dry-run 重新备份'],
    ['leads back where something was written', '10:16:41', false, '先回滚'],
  ])('%s', (_, computed, mayBackUp, words) => {
    expect(told(computed, mayBackUp)).toContain(words);
  });
});
