import type { ItemProbeView, ProbeTroubleView, ProbeVerdictView } from '$ipc';
import { m } from '$messages';
import type { Mark } from '$shared';

export const PROBE_MARKS: Record<ProbeVerdictView, Mark> = { held: 'met', notHeld: 'bad', notReachable: 'waiting' };

const TROUBLES: Record<ProbeTroubleView, () => string> = {
  late: m.checklist_probe_late,
  noConnection: m.checklist_probe_no_connection,
  notTrusted: m.checklist_probe_not_trusted,
  broken: m.checklist_probe_broken,
};

/** What is known of a probe, in one line. */
export function probeSentence(probe: ItemProbeView): string {
  const finding = probe.finding;
  if (!finding) return m.checklist_probe_not_asked();
  if (finding.trouble) return m.checklist_probe_not_reachable({ why: TROUBLES[finding.trouble]() });
  const status = finding.status ?? 0;
  if (finding.verdict === 'held') return m.checklist_probe_held({ status });
  return finding.contains === false && status === probe.status ? m.checklist_probe_no_text({ status }) : m.checklist_probe_not_held({ status });
}
