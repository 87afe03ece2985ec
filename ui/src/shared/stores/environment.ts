import { backend, type ReleaseView, type StageView } from '$ipc';
import { go, route, type Screen } from './route.svelte';
import { session } from './session.svelte';

const inRelease = (release: ReleaseView, id: string | null | undefined): boolean =>
  release.stages.some((stage) => stage.environments.some((head) => head.id === id));

/** The environment a screen is about: the one asked for, else the banner's, else the current one. */
export function shownEnvironment(release: ReleaseView): string | null {
  const wanted = [route.place.environment, session.banner?.environment, release.current_environment];
  return wanted.find((id) => inRelease(release, id)) ?? release.stages[0]?.environments[0]?.id ?? null;
}

/** The stage that an environment belongs to. */
export const stageOf = (release: ReleaseView, environment: string | null): StageView | undefined =>
  release.stages.find((stage) => stage.environments.some((head) => head.id === environment));

/**
 * Shows a screen for another environment. The banner goes along: a screen must never be about one
 * cluster while the banner names another.
 */
export async function showEnvironment(screen: Screen, environment: string): Promise<void> {
  if (session.banner?.environment !== environment) {
    try {
      session.takeBanner(await backend().environmentSelect(environment));
    } catch {
      // The banner stays on its cluster and goes on saying so; the screen shows what is known.
    }
  }
  go(screen, { environment });
}
