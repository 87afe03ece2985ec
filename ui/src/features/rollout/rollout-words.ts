import type { PodGrid, StepState, StepView } from '$ipc';
import { m } from '$messages';
import type { PodLook } from './pod-bands';

export const STEP_STATES: Record<StepState, () => string> = {
  waiting: m.rollout_state_waiting,
  running: m.rollout_state_running,
  done: m.rollout_state_done,
  failed: m.rollout_state_failed,
  unknown: m.rollout_state_unknown,
  errored: m.rollout_state_errored,
  skipped: m.rollout_state_skipped,
};

const kindOf = (detail: string | null): string | null => detail?.split('/')[0] ?? null;

/** A step by what it does; for objects the kind is in the title and the name below it. */
export function stepTitle(step: StepView): string {
  const object = kindOf(step.detail);
  switch (step.kind) {
    case 'identity':
      return m.rollout_step_identity();
    case 'backup':
      return m.rollout_step_backup();
    case 'review':
      return m.rollout_step_review();
    case 'apply':
      return object ? m.rollout_step_apply({ object }) : m.rollout_step_apply_any();
    case 'await':
      return m.rollout_step_await();
    case 'restore':
      return object ? m.rollout_step_restore({ object }) : m.rollout_step_restore_any();
    case 'remove':
      return object ? m.rollout_step_remove({ object }) : m.rollout_step_remove_any();
    case 'awaitBack':
      return m.rollout_step_awaitBack();
  }
}

/** The line below: what was found, which object, or how far it is. */
export function stepDetail(step: StepView, pods: PodGrid): string | null {
  const settled = step.state === 'done';
  switch (step.kind) {
    case 'identity':
      return settled ? m.rollout_detail_identity() : null;
    case 'backup':
      return step.detail ? m.rollout_detail_backup({ count: step.detail }) : null;
    case 'review':
      return settled ? m.rollout_detail_review() : null;
    case 'await':
    case 'awaitBack':
      return step.state === 'waiting' || pods.total === 0 ? null : m.rollout_detail_ready({ ready: pods.ready, total: pods.total });
    default: {
      const name = step.detail?.includes('/') ? step.detail.slice(step.detail.indexOf('/') + 1) : null;
      return step.state === 'skipped' ? [name, m.rollout_detail_same()].filter(Boolean).join(' · ') : name;
    }
  }
}

export function podWords(look: PodLook): string {
  switch (look) {
    case 'runOld':
      return m.rollout_pod_running();
    case 'terminating':
      return m.rollout_pod_terminating();
    case 'gone':
      return m.rollout_pod_gone();
    case 'starting':
      return m.rollout_pod_starting();
    case 'ready':
      return m.rollout_pod_ready();
    case 'failing':
      return m.rollout_pod_failing();
    case 'none':
      return m.rollout_pod_none();
  }
}

/** The same for the cell of a pod, which has room for eight letters. */
export function cellWords(look: PodLook): string {
  if (look === 'terminating') return m.rollout_cell_terminating();
  return look === 'gone' ? m.rollout_cell_gone() : podWords(look);
}
