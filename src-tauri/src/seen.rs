//! What has been seen of pods since their rollouts began, so that a pod that is gone keeps its place
//! in the picture; and the views of a release that are made with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use contract::views::{PodMemory, ViewInput};
use contract::{Failure, InterruptedView, InterruptedWork};
use domain::{EnvironmentId, Release, ReleaseId, Work};
use engine::Engine;
use engine::ports::Picture;

use crate::desk::Desk;
use crate::failures;

/// Pods seen in every environment of every release of this session.
#[derive(Default)]
pub struct SeenPods(Mutex<BTreeMap<(ReleaseId, EnvironmentId), Arc<PodMemory>>>);

impl SeenPods {
    /// Takes in what the watch shows of an environment now.
    pub fn observe(&self, release: &Release, environment: &EnvironmentId, picture: &Picture) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (release.plan.id.clone(), environment.clone());
        let seen = seen.entry(key).or_default();
        Arc::make_mut(seen).observe(release, environment, picture);
    }

    fn of(&self, release: &ReleaseId) -> BTreeMap<EnvironmentId, Arc<PodMemory>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_release = seen.iter().filter(|((id, _), _)| id == release);
        of_release
            .map(|((_, environment), pods)| (environment.clone(), Arc::clone(pods)))
            .collect()
    }
}

impl Desk {
    /// Makes a view of a release from everything that is known now.
    ///
    /// # Errors
    /// When there is no such release, or the ledger cannot be opened.
    pub async fn view<T>(
        &self,
        id: &ReleaseId,
        make: impl FnOnce(&ViewInput<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let engine = self.engine().await?;
        let snapshot = engine.release(id).map_err(failures::of)?;
        let register = engine.register();
        let mut pictures = BTreeMap::new();
        for environment in snapshot.release.plan.environments() {
            if let Some(picture) = engine.live(id, &environment.id).picture {
                self.seen
                    .observe(&snapshot.release, &environment.id, &picture);
                pictures.insert(environment.id.clone(), picture);
            }
        }
        let pods = self.seen.of(id);
        let interrupted = self.cut_off(engine, &snapshot.release);
        let measured = engine.measured_rollbacks();
        let me = self.seat().person;
        make(&ViewInput {
            release: &snapshot.release,
            entries: &snapshot.entries,
            register: &register,
            me: me.as_ref(),
            now: chrono::Utc::now(),
            pictures: &pictures,
            pods: &pods,
            interrupted: interrupted.as_ref(),
            measured: &measured,
        })
    }

    /// What was cut off in a release, from the ledger alone: the cluster is asked only when the
    /// person looks at it.
    pub fn cut_off(&self, engine: &Engine, release: &Release) -> Option<InterruptedView> {
        let environments = release.plan.environments();
        let mut cut_off = environments.filter_map(|environment| {
            let state = release.environments.get(&environment.id)?;
            let (doing, module) = match &state.work {
                Work::Idle => return None,
                Work::Forward { module } => (InterruptedWork::Forward, Some(module)),
                Work::Back => (InterruptedWork::Back, None),
            };
            if engine
                .live(&release.plan.id, &environment.id)
                .running
                .is_some()
            {
                return None;
            }
            let newest = state
                .settled
                .last()
                .map(|settled| (settled.intended_at, &settled.intent.object));
            let pending = state
                .pending
                .as_ref()
                .map(|pending| (pending.at, &pending.intent.object));
            let started = match module.and_then(|module| state.modules.get(module)) {
                Some(module) => module.started_at,
                None => state.way_back.as_ref().map(|way_back| way_back.started_at),
            };
            let (intended_at, object) = match pending.or(newest) {
                Some((at, object)) => (at, Some(object.label())),
                None => (started.unwrap_or(release.created_at), None),
            };
            Some(InterruptedView {
                release: release.plan.id.to_string(),
                title: release.plan.title.clone(),
                environment: environment.id.to_string(),
                module: module.map(ToString::to_string),
                doing,
                object,
                intended_at: contract::views::at(intended_at),
                found: None,
            })
        });
        cut_off.next()
    }
}
