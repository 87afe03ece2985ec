import type { ReasonView } from '$ipc';
import { m } from '$messages';
import { refusals } from './failures';
import { took } from './format/time';
import { withReasons } from './reasons';
import { named, type Sentence } from './sentence';

type Params = Record<string, string>;

const yes = (params: Params, key: string): boolean => params[key] === 'true';

/** Seconds as the ledger has them, as a length. */
const lengthOf = (params: Params): Params => {
  const seconds = Number(params['seconds']);
  return Number.isFinite(seconds) ? { ...params, took: took(seconds * 1000) } : params;
};

const plain = (sentence: Sentence) => (params: Params) => sentence(named(params));

/** The sentence of each verb that the ledger knows; the audit log and the timeline use the same. */
const sentences: Record<string, (params: Params) => string> = {
  releaseCreated: plain(m.verb_releaseCreated),
  releaseFinished: plain(m.verb_releaseFinished),
  releaseCancelled: plain(m.verb_releaseCancelled),
  keyRegistered: (p) => plain(p['witness'] ? m.verb_keyRegistered_witnessed : m.verb_keyRegistered)(p),
  keyRevoked: plain(m.verb_keyRevoked),
  environmentBound: (p) => plain(p['issuerBefore'] ? m.verb_environmentBound_issuer : m.verb_environmentBound)(p),
  contextImported: plain(m.verb_contextImported),
  contextForgotten: plain(m.verb_contextForgotten),
  pluginAllowed: plain(m.verb_pluginAllowed),
  rehearsalStarted: plain(m.verb_rehearsalStarted),
  workspaceOpened: plain(m.verb_workspaceOpened),
  identityVerified: plain(m.verb_identityVerified),
  identityMismatch: plain(m.verb_identityMismatch),
  permissionsChecked: plain(m.verb_permissionsChecked),
  diffComputed: plain(m.verb_diffComputed),
  diffReviewed: plain(m.verb_diffReviewed),
  changeDeclared: (p) => m.verb_changeDeclared({ text: p['text'] ?? '—', object: p['object'] ?? '—', path: p['path'] ?? '' }).trim(),
  backupTaken: plain(m.verb_backupTaken),
  itemTicked: (p) => plain(yes(p, 'passed') ? m.verb_itemTicked_true : m.verb_itemTicked_false)(p),
  conditionWaived: plain(m.verb_conditionWaived),
  waiverAsked: plain(m.verb_waiverAsked),
  voteCast: (p) => plain(yes(p, 'go') ? m.verb_voteCast_true : m.verb_voteCast_false)(p),
  gateOpened: plain(m.verb_gateOpened),
  armed: plain(m.verb_armed),
  disarmed: plain(m.verb_disarmed),
  refused: (p) => {
    const rule = p['code'] as keyof typeof refusals | undefined;
    const reason = rule && rule in refusals ? refusals[rule](named(p)) : (p['code'] ?? '—');
    return m.verb_refused({ reason });
  },
  rolloutStarted: plain(m.verb_rolloutStarted),
  stepEnded: plain(m.verb_stepEnded),
  stepUnneeded: plain(m.verb_stepUnneeded),
  stepLeft: plain(m.verb_stepLeft),
  stepFailed: plain(m.verb_stepFailed),
  mutationIntended: plain(m.verb_mutationIntended),
  mutationSettled: (p) => {
    const outcome = p['outcome'];
    if (outcome === 'applied') return plain(m.verb_mutationSettled_applied)(p);
    return plain(outcome === 'notApplied' ? m.verb_mutationSettled_notApplied : m.verb_mutationSettled_unknown)(p);
  },
  rolloutPaused: plain(m.verb_rolloutPaused),
  rolloutResumed: plain(m.verb_rolloutResumed),
  pauseLifted: (p) => plain(p['manager'] ? m.verb_pauseLifted_manager : m.verb_pauseLifted)(p),
  objectsSeen: plain(m.verb_objectsSeen),
  rolloutStopped: plain(m.verb_rolloutStopped),
  modulePassed: (p) => plain(p['reason'] ? m.verb_modulePassed_remarks : m.verb_modulePassed)(lengthOf(p)),
  moduleFailed: plain(m.verb_moduleFailed),
  moduleErrored: plain(m.verb_moduleErrored),
  environmentPassed: plain(m.verb_environmentPassed),
  stagePassed: plain(m.verb_stagePassed),
  wayBackStarted: plain(m.verb_wayBackStarted),
  fieldsKept: plain(m.verb_fieldsKept),
  editKept: plain(m.verb_editKept),
  wayBackDone: (p) => plain(m.verb_wayBackDone)(lengthOf(p)),
  wayBackFailed: plain(m.verb_wayBackFailed),
  workResumed: plain(m.verb_workResumed),
  notificationSent: (p) => plain(yes(p, 'delivered') ? m.verb_notificationSent_true : m.verb_notificationSent_false)(p),
  ledgerExported: plain(m.verb_ledgerExported),
  helpAsked: plain(m.verb_helpAsked),
  factRecorded: (p) => (p['fact'] === 'rollbackDryRun' ? plain(p['objects'] ? m.verb_factRecorded_rollbackRefused : m.verb_factRecorded_rollback)(p) : plain({ held: m.verb_factRecorded_held, notHeld: m.verb_factRecorded_notHeld }[p['verdict'] ?? ''] ?? m.verb_factRecorded_notReachable)(p)),
  soakOver: plain(m.verb_soakOver),
  unreadable: plain(m.verb_unreadable),
};

export const knownVerbs: readonly string[] = Object.keys(sentences);

/** What happened, in one sentence. A verb of a newer program is shown as it is, with its values. */
export function verbSentence(verb: string, params: Params, reasons: readonly ReasonView[] = []): string {
  const sentence = sentences[verb];
  if (sentence) return sentence(withReasons(params, reasons));
  const values = Object.entries(params).map(([key, value]) => `${key}=${value}`);
  return [verb, ...values].join(' ');
}
