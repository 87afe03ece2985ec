import { m } from '$messages';
import { ago, count, hourMinute, lengthClock, session, stageStatusWord, tick, words } from '$shared';
import type { DockFact } from '../shared/components/Dock.svelte';

function stageFact(): DockFact {
  const release = session.release;
  const stage = release?.stages.find((one) => one.id === release.current_stage);
  if (!release || !stage) return { id: 'stage', label: m.dock_stage(), text: m.dock_no_release_stage(), mark: 'todo' };
  const soak = stage.status === 'soaking' && stage.soak && !stage.soak.over ? ` ${lengthClock((tick() - Date.parse(stage.soak.from)) / 1000)}` : '';
  const drill = session.banner?.rehearsal ?? false;
  return { id: 'stage', label: m.dock_stage(), strong: words(stage.name), text: `${stageStatusWord(stage.status)}${soak}`, look: stage.look, drill };
}

function identityFact(): DockFact {
  const banner = session.banner;
  const base = { id: 'identity', label: m.dock_identity() };
  if (!banner?.environment) return { ...base, text: m.dock_not_selected(), mark: 'todo' };
  const { state, verified_at: at, limit_s: limit, why } = banner.identity;
  const old = at !== null && (tick() - Date.parse(at)) / 1000 > limit;
  if (state === 'mismatch') return { ...base, text: m.dock_mismatch(), mark: 'bad' };
  if (state === 'unreachable') return { ...base, text: !why || why.code === 'clusterUnreachable' ? m.dock_unreachable() : m.dock_unasked(), mark: 'look' };
  if (state === 'unbound') return { ...base, text: m.dock_unbound(), mark: 'todo' };
  if (state === 'stale' || old) return { ...base, text: m.dock_stale(), mark: 'waiting' };
  return { ...base, text: m.dock_verified({ ago: at ? ago(at, tick()) : '—' }), mark: 'met' };
}

function backupFact(): DockFact {
  const release = session.release;
  const base = { id: 'backup', label: m.dock_backup() };
  if (!release?.backup_at || release.backup_objects === null) return { ...base, text: m.dock_no_backup(), mark: 'todo' };
  return { ...base, text: m.dock_backup_text({ n: release.backup_objects, at: hourMinute(release.backup_at) }), mark: release.backup_holds ? 'met' : 'look' };
}

function chainFact(): DockFact {
  const chain = session.chain;
  const base = { id: 'chain', label: m.dock_chain() };
  if (!chain) return { ...base, text: '—', mark: 'todo' };
  if (chain.broken_at !== null) return { ...base, text: m.dock_chain_broken({ n: chain.broken_at }), mark: 'bad' };
  return { ...base, text: m.dock_chain_ok({ n: count(chain.verified) }), mark: 'met' };
}

/** The four live facts of the dock. */
export const dockFacts = (): DockFact[] => [stageFact(), identityFact(), backupFact(), chainFact()];
