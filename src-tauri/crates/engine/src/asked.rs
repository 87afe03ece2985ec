//! Objects that are asked for one by one while they are waited for, and what of the waiting only a person
//! can bring to an end.

use std::collections::BTreeMap;

use domain::{
    Cause, EnvironmentState, NotificationKind, ObjectRef, PlannedObject, Reasons, Release, Work,
    Workload,
};
use tokio::time::Instant;

use crate::engine::Errand;
use crate::ports::{Picture, RolloutPhase, RolloutReading, WorkloadPicture};
use crate::{Engine, EngineFailure};

impl Engine {
    /// Asks for the objects that are not watched, when that is due, and shows them; says whether it was.
    pub(crate) async fn poll(
        &self,
        errand: &Errand,
        polled: &mut Polled,
    ) -> Result<bool, EngineFailure> {
        if polled.objects.is_empty() || Instant::now() < polled.due {
            return Ok(false);
        }
        polled.due = Instant::now() + self.limits().poll;
        let readings = self.readings(errand, &polled.objects).await?;
        let seen: Vec<WorkloadPicture> = readings.into_iter().map(seen).collect();
        if polled.seen != seen {
            polled.seen.clone_from(&seen);
            self.show(&errand.release, &errand.environment, |live| {
                live.objects = seen;
            });
        }
        Ok(true)
    }

    /// Says once that a person is needed, as soon as that is so.
    pub(crate) async fn call_for_a_person(
        &self,
        errand: &Errand,
        release: &Release,
        needs: &mut Needs,
    ) {
        if !needs.is_so() || std::mem::replace(&mut needs.said, true) {
            return;
        }
        let state = release.environments.get(&errand.environment);
        let Some(Work::Forward { module }) = state.map(|state| &state.work) else {
            return;
        };
        let (kind, modules) = (NotificationKind::NeedsYou, vec![module.clone()]);
        self.tell(&errand.release, &errand.environment, kind, modules)
            .await;
    }

    /// What has to be known of objects that are in effect: a partition, a claim that waits for its first
    /// pod, what a person has seen because no status judges it.
    pub(crate) async fn remarks(
        &self,
        errand: &Errand,
        objects: &[ObjectRef],
    ) -> Result<Reasons, EngineFailure> {
        let (_, state) = self.environment(&errand.release, &errand.environment)?;
        let mut remarks = Reasons::default();
        for (object, reading) in self.readings(errand, objects).await? {
            let cause = match (reading.phase, state.seen(&object)) {
                (RolloutPhase::NotJudged, Some(note)) => Some(Cause::Seen { note: note.into() }),
                _ => reading.note,
            };
            remarks.extend(cause.map(|cause| cause.of(object.label())));
        }
        Ok(remarks)
    }

    /// Partitions that the planned manifests have, and that were reviewed with them.
    pub(crate) async fn partitions(
        &self,
        planned: &[PlannedObject],
    ) -> Result<BTreeMap<ObjectRef, u32>, EngineFailure> {
        let mut found = BTreeMap::new();
        let sets = planned
            .iter()
            .filter(|planned| planned.object.workload() == Some(Workload::StatefulSet));
        for set in sets {
            let body = self.body(&set.object, &set.body).await?;
            let partition = body
                .pointer("/spec/updateStrategy/rollingUpdate/partition")
                .and_then(serde_json::Value::as_u64)
                .and_then(|partition| u32::try_from(partition).ok());
            found.extend(partition.map(|partition| (set.object.clone(), partition)));
        }
        Ok(found)
    }
}

fn seen((workload, reading): (ObjectRef, RolloutReading)) -> WorkloadPicture {
    WorkloadPicture {
        workload,
        resource_version: None,
        rollout: (reading.phase != RolloutPhase::Missing).then_some(reading),
        pods: Vec::new(),
    }
}

/// Objects that are asked for: a watch of their kinds would need more permissions, and would bring
/// everybody else's.
pub(crate) struct Polled {
    objects: Vec<ObjectRef>,
    pub(crate) seen: Vec<WorkloadPicture>,
    due: Instant,
}

impl Polled {
    pub(crate) fn new(objects: Vec<ObjectRef>) -> Self {
        Polled {
            objects,
            seen: Vec::new(),
            due: Instant::now(),
        }
    }

    /// Whether every object has been asked for.
    pub(crate) fn is_known(&self) -> bool {
        self.seen.len() == self.objects.len()
    }
}

/// What only a person can bring forward.
#[derive(Default)]
pub(crate) struct Needs {
    /// Objects that no status judges and nobody has seen.
    pub(crate) unseen: Vec<ObjectRef>,
    /// Whether somebody else's pause or an update strategy holds pods back.
    held_back: bool,
    /// Whether the person was called.
    said: bool,
}

impl Needs {
    pub(crate) fn look(
        &mut self,
        state: Option<&EnvironmentState>,
        picture: Option<&Picture>,
        objects: &[WorkloadPicture],
        settled: bool,
        held: bool,
    ) {
        let nobody_saw = |object: &ObjectRef| state.is_some_and(|s| s.seen(object).is_none());
        let not_judged = |w: &&WorkloadPicture| {
            let reading = w.rollout.as_ref();
            reading.is_some_and(|r| r.phase == RolloutPhase::NotJudged)
        };
        self.unseen = match settled {
            false => Vec::new(),
            true => objects
                .iter()
                .filter(not_judged)
                .map(|w| w.workload.clone())
                .filter(nobody_saw)
                .collect(),
        };
        let workloads = picture.into_iter().flat_map(|p| &p.workloads);
        self.held_back = !held
            && workloads.filter_map(|w| w.rollout.as_ref()).any(|r| {
                r.phase == RolloutPhase::OnDelete || (r.paused && r.phase != RolloutPhase::Complete)
            });
    }

    fn is_so(&self) -> bool {
        self.held_back || !self.unseen.is_empty()
    }
}
