import type { ConditionKind, GateView, NextStep, NextStepKind, ReleaseView } from '$ipc';

/** What a step settles at the gate. */
const SETTLES: Partial<Record<NextStepKind, ConditionKind>> = {
  soak: 'soakPassed',
  signChecklist: 'checklistComplete',
  reviewDiff: 'diffReviewed',
  takeBackup: 'backupTaken',
  verifyIdentity: 'identityVerified',
  bind: 'identityVerified',
  checkPermissions: 'permissionsPresent',
};

/** How many steps are told; the gate's page has them all. */
const TOLD = 2;

/** What is left to do, as far as it is told. */
export interface Left {
  steps: NextStep[];
  /** As many as the gate says are missing; without a gate ahead, as many as there are steps. */
  count: number;
  /** What is missing and not told here. */
  more: number;
  gate: GateView | null;
}

/** What is left to do, with the same number that the gate shows. */
export function left(release: ReleaseView): Left {
  const all = release.next;
  const gate = release.gates.find((one) => !one.open) ?? null;
  const missing = gate?.conditions.filter((one) => one.state !== 'met' && one.state !== 'waived') ?? [];
  const steps = all.slice(0, TOLD);
  // On the way through an open stage the gate behind it is not the next thing.
  const atGate = all.length > 0 && all.every((step) => step.kind === 'vote' || step.kind === 'openGate' || SETTLES[step.kind] !== undefined);
  if (!gate || !atGate || missing.length === 0) return { steps, count: all.length, more: all.length - steps.length, gate: null };
  const told = new Set(steps.map((step) => SETTLES[step.kind]));
  return { steps, count: missing.length, more: missing.filter((one) => !told.has(one.kind)).length, gate };
}
