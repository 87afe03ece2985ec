import type { ArmingView, LevelView, ModuleStatus, ReadOnlyReason, ReleaseStatus, RoleView, StageStatus, ConditionState } from '$ipc';
import { m } from '$messages';
import type { Tone } from './components/Chip.svelte';
import type { Mark } from './components/StatusMark.svelte';

/* One word and one shape for each state, the same on every screen. */

export const roleWord = (role: RoleView): string =>
  ({ operator: m.role_operator, verifier: m.role_verifier, manager: m.role_manager })[role]();

export const levelWord = (level: LevelView): string =>
  ({ low: m.level_low, medium: m.level_medium, high: m.level_high })[level]();

export const releaseStatusWord = (status: ReleaseStatus): string =>
  ({ running: m.release_running, passed: m.release_passed, cancelled: m.release_cancelled, takenBack: m.release_taken_back })[status]();

export const releaseTone: Record<ReleaseStatus, Tone> = { running: 'accent', passed: 'ok', cancelled: 'plain', takenBack: 'warn' };

export const stageStatusWord = (status: StageStatus): string =>
  ({
    notStarted: m.stage_not_started, open: m.stage_open, running: m.stage_running, soaking: m.stage_soaking,
    passed: m.stage_passed, failed: m.stage_failed, takenBack: m.stage_taken_back,
  })[status]();

export const stageTone: Record<StageStatus, Tone> = {
  notStarted: 'plain', open: 'accent', running: 'accent', soaking: 'accent', passed: 'ok', failed: 'bad', takenBack: 'warn',
};

export const moduleStatusWord = (status: ModuleStatus): string =>
  ({
    waiting: m.module_waiting, running: m.module_running, paused: m.module_paused, stopped: m.module_stopped,
    passed: m.module_passed, failed: m.module_failed, errored: m.module_errored, goingBack: m.module_going_back,
    takenBack: m.module_taken_back,
  })[status]();

export const moduleMark: Record<ModuleStatus, Mark> = {
  waiting: 'todo', running: 'running', paused: 'waiting', stopped: 'look', passed: 'met', failed: 'bad', errored: 'look',
  goingBack: 'running', takenBack: 'waived',
};

export const moduleTone: Record<ModuleStatus, Tone> = {
  waiting: 'plain', running: 'accent', paused: 'warn', stopped: 'warn', passed: 'ok', failed: 'bad', errored: 'warn',
  goingBack: 'bad', takenBack: 'warn',
};

export const conditionMark: Record<ConditionState, Mark> = {
  met: 'met', unmet: 'waiting', waiting: 'waiting', unknown: 'look', waived: 'waived',
};

export const readOnlyWord = (reason: ReadOnlyReason): string =>
  ({
    unselected: m.readonly_unselected, notArmed: m.readonly_not_armed, gateClosed: m.readonly_gate_closed,
    identityStale: m.readonly_identity_stale, identityMismatch: m.readonly_identity_mismatch, unbound: m.readonly_unbound,
    verifier: m.readonly_verifier, noRelease: m.readonly_no_release, releaseOver: m.readonly_release_over, done: m.readonly_done,
  })[reason]();

export const isArmed = (arming: ArmingView): boolean => arming.state === 'armed';
