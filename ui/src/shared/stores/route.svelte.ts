/* Which screen is shown, and of what. */
export const screens = [
  'start', 'releases', 'newRelease',
  'overview', 'gate', 'changes', 'rollout', 'checklist', 'notices',
  'environments', 'audit',
] as const;
export type Screen = (typeof screens)[number];

export interface Place {
  stage?: string;
  environment?: string;
  module?: string;
}

let screen = $state<Screen>('start');
let place = $state.raw<Place>({});

export const route = {
  get screen(): Screen {
    return screen;
  },
  /** What the screen was opened for; a screen chooses for itself what is not said. */
  get place(): Place {
    return place;
  },
};

/** Opens a screen. */
export function go(next: Screen, at: Place = {}): void {
  screen = next;
  place = at;
}
