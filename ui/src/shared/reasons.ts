import type { ReasonCode, ReasonView } from '$ipc';
import { m } from '$messages';
import { visible } from './format/hostile';
import { named, type Sentence } from './sentence';

export const reasonSentences: Record<ReasonCode, Sentence> = {
  podNotReady: m.reason_podNotReady,
  podsNotMade: m.reason_podsNotMade,
  nodeDead: m.reason_nodeDead,
  givenUp: m.reason_givenUp,
  noProgress: m.reason_noProgress,
  notThere: m.reason_notThere,
  deleted: m.reason_deleted,
  mayBeUsed: m.reason_mayBeUsed,
  changedAfter: m.reason_changedAfter,
  notAsWritten: m.reason_notAsWritten,
  beyondReview: m.reason_beyondReview,
  changeRefused: m.reason_changeRefused,
  changeOutdated: m.reason_changeOutdated,
  changeUnheard: m.reason_changeUnheard,
  changeTurnedAway: m.reason_changeTurnedAway,
  changeLost: m.reason_changeLost,
  noContact: m.reason_noContact,
  unreachable: m.reason_unreachable,
  untrusted: m.reason_untrusted,
  credentialRefused: m.reason_credentialRefused,
  forbidden: m.reason_forbidden,
  busy: m.reason_busy,
  anotherCluster: m.reason_anotherCluster,
  kindUnknown: m.reason_kindUnknown,
  objectFailed: m.reason_objectFailed,
  notReady: m.reason_notReady,
  pausedBy: m.reason_pausedBy,
  changesOnDelete: m.reason_changesOnDelete,
  heldByPartition: m.reason_heldByPartition,
  waitsForFirstPod: m.reason_waitsForFirstPod,
  notJudged: m.reason_notJudged,
  seen: m.reason_seen,
  said: m.reason_said,
};

/** The same where the fields are known. */
const withFields: Partial<Record<ReasonCode, Sentence>> = {
  changedAfter: m.reason_changedAfter_fields,
  beyondReview: m.reason_beyondReview_fields,
};

/** The same where it is known who did it. */
const withManager: Partial<Record<ReasonCode, Sentence>> = { pausedBy: m.reason_pausedBy_manager };

function one(reason: ReasonView): string {
  const sentence =
    (reason.params['fields'] && withFields[reason.code]) || (reason.params['manager'] && withManager[reason.code]) || reasonSentences[reason.code];
  const what = sentence(named(reason.params));
  return reason.object ? m.reason_of({ object: visible(reason.object), what }) : what;
}

/** What went wrong, in words. */
export const reasonWords = (reasons: readonly ReasonView[]): string => reasons.map(one).join(m.reason_between());

/** A sentence's values, with what went wrong in words as `reason`. */
export function withReasons(params: Record<string, string>, reasons: readonly ReasonView[]): Record<string, string> {
  return reasons.length === 0 ? params : { ...params, reason: reasonWords(reasons) };
}
