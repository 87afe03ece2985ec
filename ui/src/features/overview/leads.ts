import { backend, type NextStep, type ReleaseView } from '$ipc';
import { m } from '$messages';
import { go, openArming, session, withKey, words } from '$shared';

const names = (release: ReleaseView, step: NextStep) => {
  const stage = release.stages.find((one) => one.id === step.stage);
  const environment = release.stages.flatMap((one) => one.environments).find((one) => one.id === step.environment);
  return {
    stage: words(stage?.name) || step.stage,
    environment: words(environment?.name) || step.environment || words(stage?.name),
    module: step.module ?? '—',
    done: step.done ?? 0,
    total: step.total ?? 0,
  };
};

/** The stop whose gate a step leads to: a soak is waited for in front of the next one. */
function gateOf(release: ReleaseView, step: NextStep): string {
  if (step.kind !== 'soak') return step.stage;
  const index = release.stages.findIndex((stage) => stage.id === step.stage);
  return release.stages[index + 1]?.id ?? step.stage;
}

/** What has to be done. */
export function stepSentence(release: ReleaseView, step: NextStep): string {
  return m[`overview_step_${step.kind}`](names(release, step));
}

/** What its button says. */
export function leadSentence(release: ReleaseView, step: NextStep): string {
  const stage = release.stages.find((one) => one.id === gateOf(release, step));
  return m[`overview_go_${step.kind}`]({ ...names(release, step), stage: words(stage?.name) || step.stage });
}

async function connect(environment: string | null): Promise<void> {
  if (environment && session.banner?.environment !== environment) session.takeBanner(await backend().environmentSelect(environment));
}

/** Goes to where the step is done. */
export async function follow(release: ReleaseView, step: NextStep): Promise<void> {
  const environment = step.environment ?? undefined;
  const module = step.module ?? undefined;
  switch (step.kind) {
    case 'resume':
      return go('start');
    case 'bind':
    case 'checkPermissions':
      return go('environments', { environment });
    case 'verifyIdentity':
      await connect(step.environment);
      if (step.environment) session.takeBanner(await backend().identityVerify(step.environment));
      return session.readRelease();
    case 'reviewDiff':
    case 'takeBackup':
      return go('changes', { environment, stage: step.stage });
    case 'signChecklist':
      return go('checklist', { stage: step.stage });
    case 'soak':
    case 'vote':
    case 'decideWaiver':
    case 'openGate':
      return go('gate', { stage: gateOf(release, step) });
    case 'arm':
      await connect(step.environment);
      go('rollout', { environment, module, stage: step.stage });
      return openArming(step.environment ?? session.banner?.environment ?? '', module ?? '');
    case 'rollOut':
    case 'watch':
    case 'decide':
      await connect(step.environment);
      return go('rollout', { environment, module, stage: step.stage });
    case 'finish': {
      const finished = await withKey(session.person ?? release.operator.id, () => backend().releaseFinish(release.id));
      if (finished) session.takeRelease(finished);
    }
  }
}
