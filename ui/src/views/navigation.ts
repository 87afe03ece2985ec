import type { GateView, ReleaseView } from '$ipc';
import { m } from '$messages';
import { session, type Screen } from '$shared';
import type { NavGroup, NavItem } from '../shared/components/Nav.svelte';
import { screenOf } from './screens';

/** The gate that matters: the first that is closed, else the last. */
export const nextGate = (release: ReleaseView): GateView | null =>
  release.gates.find((gate) => !gate.open) ?? release.gates[release.gates.length - 1] ?? null;

function counters(release: ReleaseView | null): Partial<Record<Screen, Pick<NavItem, 'count' | 'tone'>>> {
  if (!release) return {};
  const gate = nextGate(release);
  const stage = release.stages.find((one) => one.id === release.current_stage);
  const failed = release.stages.some((one) => one.status === 'failed');
  return {
    gate: gate ? { count: `${gate.met}/${gate.total}`, tone: !gate.open && gate.met < gate.total ? 'hot' : undefined } : {},
    checklist: stage ? { count: `${stage.checklist_done}/${stage.checklist_total}` } : {},
    rollout: failed ? { count: '!', tone: 'bad' } : {},
  };
}

/** The pages of the release above, those of the team below. */
export function navigation(): NavGroup[] {
  const release = session.release;
  const counts = counters(release);
  const closed = release ? undefined : m.nav_need_release();
  const homeless = session.workspace ? undefined : m.nav_need_workspace();
  const item = (id: Screen, icon: NavItem['icon'], disabled?: string): NavItem => ({
    id, icon, disabled, label: m[`nav_${id}`](), ...counts[id],
  });
  const ofRelease: NavItem[] = [
    item('overview', 'overview', closed),
    item('gate', 'gate', closed),
    item('changes', 'changes', closed),
    item('rollout', 'play', closed),
    item('checklist', 'checklist', closed),
  ];
  if (screenOf('notices')) ofRelease.push(item('notices', 'notice', closed));
  return [
    { title: release?.title ?? m.nav_no_release(), items: ofRelease },
    {
      title: m.nav_team(),
      items: [
        item('start', 'folder'),
        item('releases', 'box', homeless),
        item('environments', 'environments', homeless),
        item('audit', 'document'),
      ],
    },
  ];
}
