//! Writing an object.

use domain::{
    Digest, EnvironmentState, ModuleId, MutationVerb, ObjectDiff, ObjectRef, Precondition, Refusal,
    StepEnd, Verdict, Written, written,
};

use crate::act::{Act, Acted};
use crate::engine::Errand;
use crate::handles::bounded;
use crate::lanes::Turn;
use crate::persist::Performed;
use crate::written::{diff_of, is_unchanged, newest_head, written_before};
use crate::{Engine, EngineFailure};

impl Engine {
    /// Writes one planned object, unless it needs no writing.
    pub(crate) async fn apply(
        &self,
        errand: &Errand,
        module: &ModuleId,
        (object, digest): (&ObjectRef, &Digest),
        turn: &Turn,
    ) -> Result<Performed, EngineFailure> {
        if let Some(ended) = self.adopt(errand, module, object, turn).await? {
            return Ok(ended);
        }
        let act = |hands, state: EnvironmentState| async move {
            if self
                .needs_no_writing(errand, &state, object, digest)
                .await?
            {
                return Ok(Acted::Applied(None));
            }
            let diff = diff_of(&state, object).ok_or(Refusal::DiffNotReviewed)?;
            let precondition = match &diff.live {
                None => Precondition::Absent,
                Some(head) => Precondition::Unchanged(head.clone()),
            };
            let body = self.body(object, digest).await?;
            let act = Act {
                release: errand.release.clone(),
                actor: Some(errand.actor.clone()),
                environment: errand.environment.clone(),
                module: module.clone(),
                verb: MutationVerb::Apply,
                object: object.clone(),
                body: Some((digest.clone(), body)),
                precondition,
                take_over: diff.conflicts.clone(),
                rollback: None,
            };
            self.act(hands, act).await
        };
        match self.persist(errand, module, turn, object, act).await? {
            Performed::Step(_) => {}
            ended => return Ok(ended),
        }
        let beyond = || self.beyond_review(errand, object);
        if let Some(beyond) = self.ask_at_last(errand, &turn.leave, beyond).await? {
            return Ok(Performed::Run(Verdict::Errored(beyond.into()).into()));
        }
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let end = match written(&state, module, object) {
            Written::No => StepEnd::Unneeded,
            Written::Maybe | Written::Yes => StepEnd::Done,
        };
        Ok(Performed::Step(end))
    }

    /// Moves the ownership of fields of `kubectl apply` to us, where the dry run says that the write needs it:
    /// what the manifest no longer names would stay otherwise. How the run ends, if it ends with it.
    async fn adopt(
        &self,
        errand: &Errand,
        module: &ModuleId,
        object: &ObjectRef,
        turn: &Turn,
    ) -> Result<Option<Performed>, EngineFailure> {
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let adopts = |diff: &ObjectDiff| diff.adopts && !is_unchanged(diff);
        if !diff_of(&state, object).is_some_and(adopts) {
            return Ok(None);
        }
        let act = |hands, state: EnvironmentState| async move {
            let reviewed = diff_of(&state, object).and_then(|diff| diff.live.clone());
            let Some(reviewed) = reviewed.filter(|_| newest_head(&state, object).is_none()) else {
                return Ok(Acted::Applied(None));
            };
            let act = Act {
                release: errand.release.clone(),
                actor: Some(errand.actor.clone()),
                environment: errand.environment.clone(),
                module: module.clone(),
                verb: MutationVerb::Adopt,
                object: object.clone(),
                body: None,
                precondition: Precondition::Unchanged(reviewed),
                take_over: Vec::new(),
                rollback: None,
            };
            self.act(hands, act).await
        };
        match self.persist(errand, module, turn, object, act).await? {
            Performed::Step(_) => Ok(None),
            ended => Ok(Some(ended)),
        }
    }

    /// Whether an object is already what the release wants: the reviewed diff says so, or this
    /// release has written it and nobody touched it since.
    async fn needs_no_writing(
        &self,
        errand: &Errand,
        state: &EnvironmentState,
        object: &ObjectRef,
        digest: &Digest,
    ) -> Result<bool, EngineFailure> {
        let Some(diff) = diff_of(state, object) else {
            return Ok(false);
        };
        if is_unchanged(diff) {
            return Ok(true);
        }
        let Some(expected) = written_before(state, object, digest) else {
            return Ok(false);
        };
        let cluster = self.cluster(&errand.environment).await?;
        let reading = cluster.read(object);
        let live = bounded(self.limits().question, reading).await?;
        Ok(live.is_some_and(|live| {
            live.head.uid == expected.uid && live.head.content == expected.content
        }))
    }
}
