import type { ReleaseView } from '$ipc';

/** Nothing that ages does so unseen for longer than this. */
const LONGEST = 10_000;
/** A little after the instant itself: the program's clock and the window's may differ by as much. */
const AFTER = 300;

/**
 * Milliseconds until a release is worth reading again though nothing happened: a verdict is computed
 * when it is asked for, and a soak ends or a check grows old without any event.
 */
export function nextLook(release: ReleaseView, now: number, identityLimitS: number): number {
  const instants: (string | null | undefined)[] = [
    ...release.stages.map((stage) => (stage.soak?.over === false ? stage.soak.until : null)),
    ...release.next.map((step) => step.expected_at),
    ...release.gates.filter((gate) => !gate.open).flatMap((gate) => gate.conditions.map((condition) => condition.expected_at)),
  ];
  const checks = release.gates.flatMap((gate) =>
    gate.open ? [] : gate.conditions.filter((one) => one.kind === 'identityVerified' && one.state === 'met').map((one) => Date.parse(one.evidence ?? '') + identityLimitS * 1000),
  );
  const ahead = [...instants.map((at) => (at ? Date.parse(at) : NaN)), ...checks].filter((at) => at > now).map((at) => at - now + AFTER);
  return Math.min(LONGEST, ...ahead);
}
