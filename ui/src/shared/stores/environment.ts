import { untrack } from 'svelte';
import { backend, type ReleaseView, type StageView } from '$ipc';
import { go, route, type Screen } from './route.svelte';
import { session } from './session.svelte';

const inRelease = (release: ReleaseView, id: string | null | undefined): boolean =>
  release.stages.some((stage) => stage.environments.some((head) => head.id === id));

/** The environment a screen is about: the banner's, else the one asked for, else the current one. */
export function shownEnvironment(release: ReleaseView): string | null {
  const wanted = [session.banner?.environment, route.place.environment, release.current_environment];
  return wanted.find((id) => inRelease(release, id)) ?? release.stages[0]?.environments[0]?.id ?? null;
}

/** The stage that an environment belongs to. */
export const stageOf = (release: ReleaseView, environment: string | null): StageView | undefined =>
  release.stages.find((stage) => stage.environments.some((head) => head.id === environment));

/**
 * Makes the banner name the environment that a screen is about: a screen must never be about one
 * cluster while the banner names another. False when the banner had to stay where it is.
 */
export async function selectEnvironment(environment: string): Promise<boolean> {
  if (session.banner?.environment === environment) return true;
  try {
    session.takeBanner(await backend().environmentSelect(environment));
    return true;
  } catch {
    // The banner goes on naming its own cluster, and nothing can be armed for the other one.
    return false;
  }
}

/**
 * Brings the banner along when a screen was opened for an environment. Afterwards the screen
 * follows the banner, so that picking another cluster there changes both.
 */
export function followPlace(): void {
  const wanted = route.place.environment;
  if (wanted) untrack(() => void selectEnvironment(wanted));
}

/** Shows a screen for another environment; the banner goes along. */
export async function showEnvironment(screen: Screen, environment: string): Promise<void> {
  await selectEnvironment(environment);
  go(screen, { environment });
}
