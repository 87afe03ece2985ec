import type { ConditionKind, ConditionState, ConditionView, GateView, ReleaseView } from '$ipc';
import { m } from '$messages';
import { hourMinute, lengthClock, lengthWords, waited, words, type Place, type Screen } from '$shared';

const CIRCLED = '①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳';

/** The number a condition is called by, on the row, on the boom and among the blockers. */
export const numeral = (index: number): string => CIRCLED[index] ?? `${index + 1}.`;

export const holds = (condition: ConditionView): boolean =>
  condition.state === 'met' || condition.state === 'waived';

/** The name of a stage or environment of the release, whether it is given by identifier or name. */
export function placeName(release: ReleaseView, given: string | undefined): string | null {
  if (!given) return null;
  const places = release.stages.flatMap((stage) => [stage, ...stage.environments]);
  const place = places.find((one) => one.id === given) ?? places.find((one) => one.name.zh === given || one.name.en === given);
  return place ? words(place.name) : given;
}

/** The names of people by identifier, as far as the release knows them. */
export function personName(release: ReleaseView, id: string): string {
  const heads = [release.operator, release.verifier, release.manager];
  return heads.find((head) => head.id === id)?.name ?? id;
}

function bareTitle(condition: ConditionView, gate: GateView, release: ReleaseView): string {
  const stage = placeName(release, condition.params['stage']) ?? (gate.from ? words(gate.from) : null);
  switch (condition.kind) {
    case 'previousStagePassed':
      return stage ? m.gate_cond_previousStagePassed({ stage }) : m.gate_cond_previousStagePassed_any();
    case 'soakPassed':
      return stage && condition.progress
        ? m.gate_cond_soakPassed({ stage, time: lengthWords(condition.progress.total) })
        : m.gate_cond_soakPassed_any();
    case 'checklistComplete':
      return m.gate_cond_checklistComplete();
    case 'diffReviewed':
      return m.gate_cond_diffReviewed();
    case 'backupTaken':
      return m.gate_cond_backupTaken();
    case 'rollbackProven':
      return m.gate_cond_rollbackProven();
    case 'identityVerified':
      return m.gate_cond_identityVerified();
    case 'permissionsPresent':
      return m.gate_cond_permissionsPresent();
  }
}

/** What the condition asks for, with the environment when the gate asks it of several. */
export function conditionTitle(condition: ConditionView, gate: GateView, release: ReleaseView): string {
  const title = bareTitle(condition, gate, release);
  const where = placeName(release, condition.params['environment']);
  return where ? m.gate_cond_in({ title, where }) : title;
}

const SENTENCES: Record<ConditionKind, { met: () => string; open: () => string }> = {
  previousStagePassed: { met: m.gate_line_previousStagePassed_met, open: m.gate_line_previousStagePassed },
  soakPassed: { met: m.gate_line_soakPassed_met, open: m.gate_line_soakPassed },
  checklistComplete: { met: m.gate_line_checklistComplete_met, open: m.gate_line_checklistComplete },
  diffReviewed: { met: m.gate_line_diffReviewed_met, open: m.gate_line_diffReviewed },
  backupTaken: { met: m.gate_line_backupTaken_met, open: m.gate_line_backupTaken },
  rollbackProven: { met: m.gate_line_rollbackProven_met, open: m.gate_line_rollbackProven },
  identityVerified: { met: m.gate_line_identityVerified_met, open: m.gate_line_identityVerified },
  permissionsPresent: { met: m.gate_line_permissionsPresent_met, open: m.gate_line_permissionsPresent },
};

function counted(condition: ConditionView, now: number): string | null {
  const progress = condition.progress;
  if (!progress) {
    // What is asked of every environment of a stage is counted in environments.
    const { done, total } = condition.params;
    const counted = ['diffReviewed', 'identityVerified', 'permissionsPresent'].includes(condition.kind);
    return counted && Number(total) > 1 && done !== undefined ? m.gate_line_environments({ done, total: total ?? '' }) : null;
  }
  const counts = { done: progress.done, total: progress.total };
  switch (progress.unit) {
    case 'items':
      return m.gate_line_items(counts);
    case 'modules':
      return m.gate_line_modules(counts);
    case 'objects':
      return m.gate_line_objects(counts);
    case 'permissions':
      return m.gate_line_permissions(counts);
    case 'seconds': {
      const times = { done: lengthClock(waited(condition, now)), total: lengthClock(progress.total) };
      if (condition.state !== 'waiting' || !condition.expected_at) return m.gate_line_seconds(times);
      return m.gate_line_seconds_expected({ ...times, at: hourMinute(condition.expected_at) });
    }
  }
}

/** The line under the title: how far it is and what would settle it. */
export function conditionLine(condition: ConditionView, now: number): string {
  if (condition.kind === 'rollbackProven' && condition.state !== 'met') {
    const object = condition.params['object'];
    if (object) return m.gate_line_rollbackProven_refused({ object });
    if (condition.state === 'unknown') return m.gate_line_rollbackProven_unknown();
  }
  if (condition.state === 'unknown') return m.gate_line_unknown();
  const count = counted(condition, now);
  const sentence = SENTENCES[condition.kind][condition.state === 'met' ? 'met' : 'open']();
  if (!count) {
    return condition.expected_at && condition.state === 'waiting'
      ? m.gate_line_expected({ at: hourMinute(condition.expected_at) })
      : sentence;
  }
  // A running clock says all there is to say; for counted things the way on is worth a word.
  return condition.progress?.unit === 'seconds' ? count : `${count} · ${sentence}`;
}

export const STATE_WORDS: Record<ConditionState, () => string> = {
  met: m.gate_state_met,
  unmet: m.gate_state_unmet,
  waiting: m.gate_state_waiting,
  unknown: m.gate_state_unknown,
  waived: m.gate_state_waived,
};

/** Where a condition is settled, and of which stage or environment. */
export function settledAt(condition: ConditionView, gate: GateView, release: ReleaseView): { screen: Screen; place: Place } {
  const stageId = condition.params['stage'] ?? gate.stage;
  const stage = release.stages.find((one) => one.id === stageId) ?? release.stages.find((one) => one.id === gate.stage);
  const environment = condition.params['environment'] ?? stage?.environments[0]?.id;
  const place: Place = environment ? { environment } : {};
  switch (condition.kind) {
    case 'previousStagePassed':
    case 'soakPassed':
      return { screen: 'rollout', place };
    case 'checklistComplete': {
      // Due are the stage's own items and those left of the stage before it; the older ones first.
      const before = release.stages[release.stages.findIndex((one) => one.id === gate.stage) - 1];
      const left = before && before.checklist_done < before.checklist_total ? before.id : gate.stage;
      return { screen: 'checklist', place: { stage: left } };
    }
    case 'diffReviewed':
    case 'backupTaken':
    case 'rollbackProven':
      return { screen: 'changes', place };
    case 'identityVerified':
    case 'permissionsPresent':
      return { screen: 'environments', place };
  }
}

/** How far along a bar is drawn, 0 to 1; none when there is nothing to count. */
export function fraction(condition: ConditionView, now: number): number | null {
  const progress = condition.progress;
  if (!progress || progress.total <= 0) return null;
  return Math.max(0, Math.min(1, waited(condition, now) / progress.total));
}
