import type { ChecklistItemView, ChecklistPhase, ChecklistPhaseView, ChecklistView } from '$ipc';
import { m } from '$messages';
import type { Mark } from '$shared';

export type ChecklistFilter = 'all' | 'mine' | 'automatic' | 'verifier';

export const PHASE_WORDS: Record<ChecklistPhase, () => string> = {
  pre: m.checklist_phase_pre,
  during: m.checklist_phase_during,
  post: m.checklist_phase_post,
  day1: m.checklist_phase_day1,
  day2: m.checklist_phase_day2,
};

export const isShown = (item: ChecklistItemView, filter: ChecklistFilter): boolean => {
  switch (filter) {
    case 'all':
      return true;
    case 'mine':
      return item.may_sign && item.state !== 'passed';
    case 'automatic':
      return item.automatic;
    case 'verifier':
      return !item.automatic && item.role === 'verifier';
  }
};

/** Items of a phase in the order they are drawn. */
export const itemsOf = (phase: ChecklistPhaseView | undefined, filter: ChecklistFilter): ChecklistItemView[] =>
  (phase?.groups ?? []).flatMap((group) => group.items).filter((item) => isShown(item, filter));

export const countOf = (phase: ChecklistPhaseView | undefined, filter: ChecklistFilter): number => itemsOf(phase, filter).length;

/** The phase that wants attention: the first unfinished one, else the last. */
export function currentPhase(view: ChecklistView): ChecklistPhaseView | undefined {
  return view.phases.find((phase) => phase.done < phase.total) ?? view.phases.at(-1);
}

export function phaseMark(phase: ChecklistPhaseView): Mark {
  const items = phase.groups.flatMap((group) => group.items);
  if (items.some((item) => item.state === 'failed')) return 'bad';
  if (phase.done >= phase.total) return 'met';
  return phase.done > 0 ? 'waiting' : 'todo';
}

export const itemId = (id: string): string => `item-${id}`;
