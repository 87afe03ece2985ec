import type { TimelineEntry } from '$ipc';
import type { Screen } from '$shared';

/** The screen that tells more about what happened, by the ledger's verb. */
const SCREENS: Record<string, Screen> = {
  identityVerified: 'environments', identityMismatch: 'environments', permissionsChecked: 'gate',
  diffComputed: 'changes', diffReviewed: 'changes', changeDeclared: 'changes', backupTaken: 'changes',
  itemTicked: 'checklist', factRecorded: 'checklist',
  conditionWaived: 'gate', voteCast: 'gate', gateOpened: 'gate', soakOver: 'gate', stagePassed: 'gate',
  armed: 'rollout', disarmed: 'rollout', rolloutStarted: 'rollout', rolloutPaused: 'rollout', rolloutResumed: 'rollout',
  rolloutStopped: 'rollout', workResumed: 'rollout', mutationSettled: 'rollout', modulePassed: 'rollout', moduleFailed: 'rollout',
  moduleErrored: 'rollout', environmentPassed: 'rollout', wayBackStarted: 'rollout', editKept: 'rollout', wayBackDone: 'rollout',
  wayBackFailed: 'rollout', notificationSent: 'rollout',
};

/** Which place a screen needs to be about what the entry names. */
const NEEDS: Partial<Record<Screen, 'stage' | 'environment_id'>> = { checklist: 'stage', gate: 'stage', rollout: 'environment_id', environments: 'environment_id' };

/** Where an entry of the timeline leads; null for one that names no place. */
export function leadOf(entry: TimelineEntry): Screen | null {
  const screen = entry.params['fact'] === 'rollbackDryRun' ? 'changes' : SCREENS[entry.verb];
  if (!screen) return null;
  const need = NEEDS[screen];
  return need && entry[need] === null ? null : screen;
}
