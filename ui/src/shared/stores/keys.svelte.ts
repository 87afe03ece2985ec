import { failureOf } from '$ipc';
import { session } from './session.svelte';

/** What a passphrase is asked for: to sign from one's own seat, to sit down, or to make a new key. */
export type KeyPurpose = 'unlock' | 'sit' | 'new';

/** Somebody has to type a passphrase in person. */
export interface KeyRequest {
  person: string;
  purpose: KeyPurpose;
  settle: (unlocked: boolean) => void;
}

let request = $state.raw<KeyRequest | null>(null);

/** What the key dialog has to ask for now; shown by the frame. */
export const keyRequest = (): KeyRequest | null => request;

/** Asks for the person's passphrase in place; false when the dialog is closed. Who is not in the seat
    takes it by that, and who has no key makes one. */
export function askForKey(person: string): Promise<boolean> {
  if (session.personOf(person)?.key.state === 'none') return ask(person, 'new');
  return ask(person, person === session.person ? 'unlock' : 'sit');
}

/** Asks for a new key in place of the one whose passphrase is forgotten. */
export const askForNewKey = (person: string): Promise<boolean> => ask(person, 'new');

function ask(person: string, purpose: KeyPurpose): Promise<boolean> {
  request?.settle(false);
  return new Promise((resolve) => {
    request = {
      person,
      purpose,
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
  const able = person === session.person && known?.key.state === 'unlocked';
  if (known && !able && !(await askForKey(person))) return null;
  try {
    return await action();
  } catch (thrown) {
    const { code } = failureOf(thrown);
    if (code !== 'keyLocked' && code !== 'noKey') throw thrown;
    return (await askForKey(person)) ? action() : null;
  }
}

/** Carries out something that goes forward, signed or not: whose seat it is has to be proven. */
export const withSeat = <T>(action: () => Promise<T>): Promise<T | null> => withKey(session.person ?? '', action);
