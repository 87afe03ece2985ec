import type { ContextRefusal, CredentialConcernView, CredentialKind, EnvironmentView, ImportWarning, PluginConcern } from '$ipc';
import { m } from '$messages';
import { shortWhen, tick, visible, type Mark } from '$shared';

export const credentialWord = (kind: CredentialKind): string => m[`credential_${kind}`]();
export const concernWord = (concern: PluginConcern): string => m[`concern_${concern}`]();
export const contextRefusalWord = (refusal: ContextRefusal): string => m[`refusal_context_${refusal}`]();
/** What speaks against a certificate or token. */
export const credentialConcernWord = ({ what, at }: CredentialConcernView): string => m[`concern_credential_${what}`]({ at: at ? shortWhen(at, tick()) : '' });
/** A name that occurs more than once in a kubeconfig. */
export const repeatedWord = ({ entry, name, times }: ImportWarning): string => m[`import_twice_${entry}`]({ name: visible(name), times });

/** How an environment is marked in the list, and what is said of it. */
export function standing(environment: EnvironmentView, selected: boolean): { mark: Mark; word: string } {
  const { state } = environment.identity;
  if (state === 'mismatch') return { mark: 'bad', word: m.env_mismatch() };
  if (state === 'unbound') return { mark: 'waiting', word: m.env_unbound() };
  // Only the cluster of the banner is watched; of the others what counts is that they are pinned.
  const silent = environment.identity.why?.code === 'clusterUnreachable';
  if (state === 'unreachable') return { mark: 'look', word: silent ? m.env_unreachable() : m.env_unasked() };
  if (state === 'stale' && selected) return { mark: 'waiting', word: m.env_stale() };
  return { mark: 'met', word: environment.rehearsal ? m.env_rehearsal() : m.env_bound() };
}
