import { failureOf } from '$ipc';
import { session } from './session.svelte';

/** A signature is wanted from someone whose key cannot sign now. */
export interface KeyRequest {
  person: string;
  settle: (unlocked: boolean) => void;
}

let request = $state.raw<KeyRequest | null>(null);

/** What the key dialog has to ask for now; shown by the frame. */
export const keyRequest = (): KeyRequest | null => request;

/** Asks for the person's passphrase (or for a first key) in place; false when the dialog is closed. */
export function askForKey(person: string): Promise<boolean> {
  request?.settle(false);
  return new Promise((resolve) => {
    request = {
      person,
      settle: (unlocked) => {
        request = null;
        resolve(unlocked);
      },
    };
  });
}

/** Carries out something that needs the person's signature. If the key is locked or missing, the
    dialog asks for it in place and the action goes on. Null when the person closed the dialog;
    every other failure is thrown as it is. */
export async function withKey<T>(person: string, action: () => Promise<T>): Promise<T | null> {
  const known = session.personOf(person);
  if (known && known.key.state !== 'unlocked' && !(await askForKey(person))) return null;
  try {
    return await action();
  } catch (thrown) {
    const { code } = failureOf(thrown);
    if (code !== 'keyLocked' && code !== 'noKey') throw thrown;
    return (await askForKey(person)) ? action() : null;
  }
}
