/** Someone wants to change a module in an environment; the frame shows the dialog that asks. */
export interface ArmingRequest {
  environment: string;
  module: string;
}

let request = $state.raw<ArmingRequest | null>(null);

/** What the arming dialog has to ask for now; shown by the frame. */
export const armingRequest = (): ArmingRequest | null => request;

/** Opens the arming dialog: from the rollout, the overview or the banner alike. */
export function openArming(environment: string, module: string): void {
  request = { environment, module };
}

export function closeArming(): void {
  request = null;
}
