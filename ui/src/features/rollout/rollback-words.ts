import type { RollbackEffectView } from '$ipc';
import { m } from '$messages';
import type { Mark } from '$shared';

const WORDS: Record<RollbackEffectView, () => string> = {
  restore: m.rollback_effect_restore,
  create: m.rollback_effect_create,
  delete: m.rollback_effect_delete,
  nothing: m.rollback_effect_nothing,
  stays: m.rollback_effect_stays,
  another: m.rollback_effect_another,
  refused: m.rollback_effect_refused,
};

/** What a rollback would do to an object. */
export const effectWord = (effect: RollbackEffectView): string => WORDS[effect]();

export const EFFECT_MARKS: Record<RollbackEffectView, Mark> = {
  restore: 'met',
  create: 'met',
  delete: 'met',
  nothing: 'todo',
  stays: 'look',
  another: 'look',
  refused: 'bad',
};
