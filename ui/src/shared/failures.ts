import type { Failure, FailureCode, RefusalCode, RefusalView } from '$ipc';
import { m } from '$messages';
import { withReasons } from './reasons';
import { named, type Sentence } from './sentence';

/** What is said of a failure: what happened, what is unchanged, what to do next. */
export interface Account {
  happened: string;
  unchanged: string;
  next: string;
}

type Three = [happened: Sentence, unchanged: Sentence, next: Sentence];

const three = (happened: Sentence, unchanged: Sentence, next: Sentence): Three => [happened, unchanged, next];

export const failures: Record<FailureCode, Three> = {
  workspaceUnreadable: three(m.failure_workspaceUnreadable_happened, m.failure_workspaceUnreadable_unchanged, m.failure_workspaceUnreadable_next),
  workspaceInvalid: three(m.failure_workspaceInvalid_happened, m.failure_workspaceInvalid_unchanged, m.failure_workspaceInvalid_next),
  noWorkspace: three(m.failure_noWorkspace_happened, m.failure_noWorkspace_unchanged, m.failure_noWorkspace_next),
  kubeconfigInvalid: three(m.failure_kubeconfigInvalid_happened, m.failure_kubeconfigInvalid_unchanged, m.failure_kubeconfigInvalid_next),
  kubeconfigUnreadable: three(m.failure_kubeconfigUnreadable_happened, m.failure_kubeconfigUnreadable_unchanged, m.failure_kubeconfigUnreadable_next),
  kubeconfigUnusable: three(m.failure_kubeconfigUnusable_happened, m.failure_kubeconfigUnusable_unchanged, m.failure_kubeconfigUnusable_next),
  fileNotEmbedded: three(m.failure_fileNotEmbedded_happened, m.failure_fileNotEmbedded_unchanged, m.failure_fileNotEmbedded_next),
  contextRefused: three(m.failure_contextRefused_happened, m.failure_contextRefused_unchanged, m.failure_contextRefused_next),
  pluginNotAllowed: three(m.failure_pluginNotAllowed_happened, m.failure_pluginNotAllowed_unchanged, m.failure_pluginNotAllowed_next),
  pluginChanged: three(m.failure_pluginChanged_happened, m.failure_pluginChanged_unchanged, m.failure_pluginChanged_next),
  pluginMissing: three(m.failure_pluginMissing_happened, m.failure_pluginMissing_unchanged, m.failure_pluginMissing_next),
  pluginExposed: three(m.failure_pluginExposed_happened, m.failure_pluginExposed_unchanged, m.failure_pluginExposed_next),
  pluginFailed: three(m.failure_pluginFailed_happened, m.failure_pluginFailed_unchanged, m.failure_pluginFailed_next),
  keychainMissing: three(m.failure_keychainMissing_happened, m.failure_keychainMissing_unchanged, m.failure_keychainMissing_next),
  keychainLocked: three(m.failure_keychainLocked_happened, m.failure_keychainLocked_unchanged, m.failure_keychainLocked_next),
  keychainTimeout: three(m.failure_keychainTimeout_happened, m.failure_keychainTimeout_unchanged, m.failure_keychainTimeout_next),
  keychainEntryMissing: three(m.failure_keychainEntryMissing_happened, m.failure_keychainEntryMissing_unchanged, m.failure_keychainEntryMissing_next),
  keychainBroken: three(m.failure_keychainBroken_happened, m.failure_keychainBroken_unchanged, m.failure_keychainBroken_next),
  notBound: three(m.failure_notBound_happened, m.failure_notBound_unchanged, m.failure_notBound_next),
  clusterUnreachable: three(m.failure_clusterUnreachable_happened, m.failure_clusterUnreachable_unchanged, m.failure_clusterUnreachable_next),
  clusterUntrusted: three(m.failure_clusterUntrusted_happened, m.failure_clusterUntrusted_unchanged, m.failure_clusterUntrusted_next),
  credentialRefused: three(m.failure_credentialRefused_happened, m.failure_credentialRefused_unchanged, m.failure_credentialRefused_next),
  credentialExpired: three(m.failure_credentialExpired_happened, m.failure_credentialExpired_unchanged, m.failure_credentialExpired_next),
  certificateNotForProduction: three(m.failure_certificateNotForProduction_happened, m.failure_certificateNotForProduction_unchanged, m.failure_certificateNotForProduction_next),
  certificateChanged: three(m.failure_certificateChanged_happened, m.failure_certificateChanged_unchanged, m.failure_certificateChanged_next),
  ledgerNotEmpty: three(m.failure_ledgerNotEmpty_happened, m.failure_ledgerNotEmpty_unchanged, m.failure_ledgerNotEmpty_next),
  backupUnusable: three(m.failure_backupUnusable_happened, m.failure_backupUnusable_unchanged, m.failure_backupUnusable_next),
  identityMismatch: three(m.failure_identityMismatch_happened, m.failure_identityMismatch_unchanged, m.failure_identityMismatch_next),
  identityStale: three(m.failure_identityStale_happened, m.failure_identityStale_unchanged, m.failure_identityStale_next),
  permissionMissing: three(m.failure_permissionMissing_happened, m.failure_permissionMissing_unchanged, m.failure_permissionMissing_next),
  clusterBusy: three(m.failure_clusterBusy_happened, m.failure_clusterBusy_unchanged, m.failure_clusterBusy_next),
  outcomeUnknown: three(m.failure_outcomeUnknown_happened, m.failure_outcomeUnknown_unchanged, m.failure_outcomeUnknown_next),
  outcomeUnwritten: three(m.failure_outcomeUnwritten_happened, m.failure_outcomeUnwritten_unchanged, m.failure_outcomeUnwritten_next),
  objectChanged: three(m.failure_objectChanged_happened, m.failure_objectChanged_unchanged, m.failure_objectChanged_next),
  fieldConflict: three(m.failure_fieldConflict_happened, m.failure_fieldConflict_unchanged, m.failure_fieldConflict_next),
  objectRejected: three(m.failure_objectRejected_happened, m.failure_objectRejected_unchanged, m.failure_objectRejected_next),
  kindUnknown: three(m.failure_kindUnknown_happened, m.failure_kindUnknown_unchanged, m.failure_kindUnknown_next),
  kindOfCluster: three(m.failure_kindOfCluster_happened, m.failure_kindOfCluster_unchanged, m.failure_kindOfCluster_next),
  kindOfNamespace: three(m.failure_kindOfNamespace_happened, m.failure_kindOfNamespace_unchanged, m.failure_kindOfNamespace_next),
  clusterFailed: three(m.failure_clusterFailed_happened, m.failure_clusterFailed_unchanged, m.failure_clusterFailed_next),
  rolloutFailed: three(m.failure_rolloutFailed_happened, m.failure_rolloutFailed_unchanged, m.failure_rolloutFailed_next),
  rolloutErrored: three(m.failure_rolloutErrored_happened, m.failure_rolloutErrored_unchanged, m.failure_rolloutErrored_next),
  changeRefused: three(m.failure_changeRefused_happened, m.failure_changeRefused_unchanged, m.failure_changeRefused_next),
  changeOutdated: three(m.failure_changeOutdated_happened, m.failure_changeOutdated_unchanged, m.failure_changeOutdated_next),
  changeUnheard: three(m.failure_changeUnheard_happened, m.failure_changeUnheard_unchanged, m.failure_changeUnheard_next),
  changeLost: three(m.failure_changeLost_happened, m.failure_changeLost_unchanged, m.failure_changeLost_next),
  changeTurnedAway: three(m.failure_changeTurnedAway_happened, m.failure_changeTurnedAway_unchanged, m.failure_changeTurnedAway_next),
  wayBackFailed: three(m.failure_wayBackFailed_happened, m.failure_wayBackFailed_unchanged, m.failure_wayBackFailed_next),
  refused: three(m.failure_refused_happened, m.failure_refused_unchanged, m.failure_refused_next),
  passphraseWrong: three(m.failure_passphraseWrong_happened, m.failure_passphraseWrong_unchanged, m.failure_passphraseWrong_next),
  noKey: three(m.failure_noKey_happened, m.failure_noKey_unchanged, m.failure_noKey_next),
  keyLocked: three(m.failure_keyLocked_happened, m.failure_keyLocked_unchanged, m.failure_keyLocked_next),
  pageRedrawn: three(m.failure_pageRedrawn_happened, m.failure_pageRedrawn_unchanged, m.failure_pageRedrawn_next),
  ledgerBroken: three(m.failure_ledgerBroken_happened, m.failure_ledgerBroken_unchanged, m.failure_ledgerBroken_next),
  ledgerDamaged: three(m.failure_ledgerDamaged_happened, m.failure_ledgerDamaged_unchanged, m.failure_ledgerDamaged_next),
  ledgerInUse: three(m.failure_ledgerInUse_happened, m.failure_ledgerInUse_unchanged, m.failure_ledgerInUse_next),
  ledgerNoLocks: three(m.failure_ledgerNoLocks_happened, m.failure_ledgerNoLocks_unchanged, m.failure_ledgerNoLocks_next),
  ledgerNewer: three(m.failure_ledgerNewer_happened, m.failure_ledgerNewer_unchanged, m.failure_ledgerNewer_next),
  ledgerUnwritable: three(m.failure_ledgerUnwritable_happened, m.failure_ledgerUnwritable_unchanged, m.failure_ledgerUnwritable_next),
  ledgerMoved: three(m.failure_ledgerMoved_happened, m.failure_ledgerMoved_unchanged, m.failure_ledgerMoved_next),
  releaseUnknown: three(m.failure_releaseUnknown_happened, m.failure_releaseUnknown_unchanged, m.failure_releaseUnknown_next),
  exportUnwritable: three(m.failure_exportUnwritable_happened, m.failure_exportUnwritable_unchanged, m.failure_exportUnwritable_next),
  formInvalid: three(m.failure_formInvalid_happened, m.failure_formInvalid_unchanged, m.failure_formInvalid_next),
  cancelled: three(m.failure_cancelled_happened, m.failure_cancelled_unchanged, m.failure_cancelled_next),
  internal: three(m.failure_internal_happened, m.failure_internal_unchanged, m.failure_internal_next),
};

export const refusals: Record<RefusalCode, Sentence> = {
  releaseExists: m.refusal_releaseExists,
  releaseOver: m.refusal_releaseOver,
  notInRelease: m.refusal_notInRelease,
  verifierIsOperator: m.refusal_verifierIsOperator,
  roleMissing: m.refusal_roleMissing,
  fieldInvalid: m.refusal_fieldInvalid,
  notOperator: m.refusal_notOperator,
  signatureInvalid: m.refusal_signatureInvalid,
  noKeyRegistered: m.refusal_noKeyRegistered,
  witnessNeeded: m.refusal_witnessNeeded,
  witnessedByOther: m.refusal_witnessedByOther,
  gateClosed: m.refusal_gateClosed,
  gateAlreadyOpen: m.refusal_gateAlreadyOpen,
  conditionUnmet: m.refusal_conditionUnmet,
  notWaivable: m.refusal_notWaivable,
  reasonTooShort: m.refusal_reasonTooShort,
  voteMissing: m.refusal_voteMissing,
  identityNotVerified: m.refusal_identityNotVerified,
  identityMismatch: m.refusal_identityMismatch,
  wrongClusterName: m.refusal_wrongClusterName,
  notArmed: m.refusal_notArmed,
  noBackup: m.refusal_noBackup,
  diffNotReviewed: m.refusal_diffNotReviewed,
  undeclaredChange: m.refusal_undeclaredChange,
  permissionMissing: m.refusal_permissionMissing,
  dependencyFirst: m.refusal_dependencyFirst,
  environmentFirst: m.refusal_environmentFirst,
  alreadyRunning: m.refusal_alreadyRunning,
  backupStands: m.refusal_backupStands,
  notRunning: m.refusal_notRunning,
  outcomePending: m.refusal_outcomePending,
  alreadyPassed: m.refusal_alreadyPassed,
  nothingToRestore: m.refusal_nothingToRestore,
  alreadySigned: m.refusal_alreadySigned,
  wasTakenBack: m.refusal_wasTakenBack,
  itemAutomatic: m.refusal_itemAutomatic,
  entryUnreadable: m.refusal_entryUnreadable,
  cannotPause: m.refusal_cannotPause,
  notPaused: m.refusal_notPaused,
};

/** The one sentence of a refusal. */
export function refusalSentence(refusal: RefusalView): string {
  return (refusals[refusal.code] ?? m.refusal_unknown)(named(refusal.params));
}

/** A change was not made, and others of the same module were before it. */
const goesBack = ({ code, params }: Failure): boolean =>
  ['changeRefused', 'changeOutdated', 'changeUnheard', 'changeTurnedAway'].includes(code) && Number(params['written'] ?? 0) > 0;

/** What stands on the cluster is not what was reviewed. */
const differs = ({ code, reasons }: Failure): boolean =>
  code === 'rolloutErrored' && reasons.some((one) => ['deleted', 'changedAfter', 'notAsWritten', 'beyondReview'].includes(one.code));

/** What to do next. */
function nextOf(failure: Failure, next: Sentence, params: Record<string, string>): string {
  if (differs(failure)) return m.failure_rolloutErrored_next_differs();
  return goesBack(failure) ? m.failure_written_back({ next: next(params) }) : next(params);
}

/** A permission without a namespace is one at the cluster scope. */
const happenedOf = ({ code, params }: Failure, happened: Sentence): Sentence =>
  code === 'permissionMissing' && params['namespace'] === '' ? m.failure_permissionMissing_happened_cluster : happened;

/** The three sentences of a failure. */
export function account(failure: Failure): Account {
  const params = named(withReasons(failure.params, failure.reasons));
  const [happened, unchanged, next] = failures[failure.code] ?? failures.internal;
  const refusal = failure.code === 'refused' ? (failure.params['refusal'] as RefusalCode | undefined) : undefined;
  return {
    happened: refusal && refusal in refusals ? refusals[refusal](params) : happenedOf(failure, happened)(params),
    unchanged: unchanged(params),
    next: nextOf(failure, next, params),
  };
}
