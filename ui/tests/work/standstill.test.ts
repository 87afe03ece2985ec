import { render } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { changes } from '../../fixtures/changes';
import { at } from '../../fixtures/day';
import { runningRollout } from '../../fixtures/rollout';
import BackupCard from '../../src/features/changes/BackupCard.svelte';
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
