use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    EnvironmentId, EnvironmentState, Instant, LiveHead, ModuleId, MutationOutcome, MutationVerb,
    ObjectRef, Release,
};
use engine::ports::{Picture, PodPicture, WorkloadPicture};

use super::common::{at, ms_between};
use crate::{PodGrid, PodSlot, PodState, PodView};

/// What was seen of an environment's pods, so that a pod keeps its column while others come and go.
/// Fed with every picture; starts over by itself when a workload is rolled out anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodMemory {
    workloads: BTreeMap<ObjectRef, Slots>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Slots {
    since: Option<Instant>,
    slots: Vec<PodSlot>,
}

/// Which row the pods of the newest template stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Newest {
    /// Nothing of the release is known to be on the cluster: every pod is of an old version.
    Untouched,
    /// It was taken back: they are the old version, and all others the release's.
    Old,
    /// The release's template is on the cluster.
    New,
}

impl PodMemory {
    /// Takes in a picture of an environment.
    pub fn observe(&mut self, release: &Release, environment: &EnvironmentId, picture: &Picture) {
        let Some(state) = release.environments.get(environment) else {
            return;
        };
        for workload in &picture.workloads {
            let module = release
                .plan
                .objects(environment)
                .find(|(_, o)| o.object == workload.workload);
            let since = module
                .and_then(|(m, _)| state.modules.get(&m.id))
                .and_then(|m| m.started_at);
            let seen = self.workloads.entry(workload.workload.clone()).or_default();
            if seen.since != since {
                *seen = Slots {
                    since,
                    slots: Vec::new(),
                };
            }
            let newest = newest(state, workload);
            seen.observe(newest, workload, picture.connected);
        }
    }

    /// The pods of a module's workloads.
    pub(super) fn slots(&self, workloads: &[&ObjectRef]) -> Vec<PodSlot> {
        workloads
            .iter()
            .filter_map(|w| self.workloads.get(*w))
            .flat_map(|s| s.slots.clone())
            .collect()
    }
}

impl Slots {
    /// In a picture that is not up to date what is missing is only not seen.
    fn observe(&mut self, newest: Newest, workload: &WorkloadPicture, up_to_date: bool) {
        let is_new = |pod: &PodPicture| match newest {
            Newest::Untouched => false,
            Newest::Old => !pod.newest,
            Newest::New => pod.newest,
        };
        // By name: a picture may hold ten thousand pods, and comes many times a second.
        let seen: HashMap<&str, &PodPicture> = workload
            .pods
            .iter()
            .map(|pod| (pod.name.as_str(), pod))
            .collect();
        for slot in &mut self.slots {
            for (place, row_is_new) in [(&mut slot.old, false), (&mut slot.new, true)] {
                let Some(known) = place else { continue };
                match seen.get(known.name.as_str()) {
                    Some(now) if is_new(now) == row_is_new => *known = pod_view(now),
                    // It did not leave: its template is known better than when it was first seen, which
                    // was before the watch told of the workload that made it.
                    Some(_) => *place = None,
                    None if !up_to_date => {}
                    None => known.state = PodState::Gone,
                }
            }
        }
        let placed: HashSet<(bool, String)> = self
            .slots
            .iter()
            .flat_map(|slot| [(false, &slot.old), (true, &slot.new)])
            .filter_map(|(row, pod)| Some((row, pod.as_ref()?.name.clone())))
            .collect();
        // In each row, no column before this one is free.
        let mut taken = [0, 0];
        for pod in &workload.pods {
            let row_is_new = is_new(pod);
            if placed.contains(&(row_is_new, pod.name.clone())) {
                continue;
            }
            let free = |slot: &PodSlot| is_gone(if row_is_new { &slot.new } else { &slot.old });
            // A new pod stands under an old one that leaves; a replaced old pod takes its column.
            let fits = |slot: &PodSlot| !row_is_new || leaves(&slot.old);
            let first = &mut taken[usize::from(row_is_new)];
            *first += self
                .slots
                .iter()
                .skip(*first)
                .take_while(|s| !free(s))
                .count();
            let rest = || self.slots.iter().enumerate().skip(*first);
            let at = rest()
                .find(|(_, s)| free(s) && fits(s))
                .or_else(|| rest().find(|(_, s)| free(s)))
                .map(|(index, _)| index);
            let index = at.unwrap_or_else(|| {
                self.slots.push(PodSlot::default());
                self.slots.len() - 1
            });
            if let Some(slot) = self.slots.get_mut(index) {
                let place = if row_is_new {
                    &mut slot.new
                } else {
                    &mut slot.old
                };
                *place = Some(pod_view(pod));
            }
        }
        let wanted = workload.rollout.as_ref().map_or(0, |r| r.wanted as usize);
        while self.slots.len() < wanted {
            self.slots.push(PodSlot::default());
        }
        // A surge pod's column goes once nothing stands in it and enough others are left.
        while self.slots.len() > wanted
            && self
                .slots
                .last()
                .is_some_and(|s| is_gone(&s.old) && is_gone(&s.new))
        {
            self.slots.pop();
        }
    }
}

fn is_gone(pod: &Option<PodView>) -> bool {
    pod.as_ref().is_none_or(|p| p.state == PodState::Gone)
}

fn leaves(pod: &Option<PodView>) -> bool {
    pod.as_ref()
        .is_some_and(|p| matches!(p.state, PodState::Gone | PodState::Terminating))
}

fn pod_view(pod: &PodPicture) -> PodView {
    let state = match pod {
        PodPicture {
            terminating: true, ..
        } => PodState::Terminating,
        PodPicture { failing: true, .. } => PodState::Failing,
        PodPicture { ready: true, .. } => PodState::Ready,
        // It was ready once and is not any more.
        PodPicture {
            ready_at: Some(_), ..
        } => PodState::Failing,
        _ => PodState::Starting,
    };
    PodView {
        name: pod.name.clone(),
        short: pod.name.rsplit('-').next().unwrap_or(&pod.name).to_owned(),
        state,
        reason: Some(pod.reason.clone()).filter(|reason| !reason.is_empty()),
        restarts: pod.restarts,
        created_at: pod.created_at.map(at),
        node: pod.node.clone(),
    }
}

/// Whether the workload's newest template is the release's: what the newest write to it was of those
/// that the picture shows. A write is in the ledger before the watch tells of it.
fn newest(state: &EnvironmentState, seen: &WorkloadPicture) -> Newest {
    let written = state.settled.iter().rev().find(|settled| {
        settled.intent.object == seen.workload
            && matches!(
                settled.intent.verb,
                MutationVerb::Apply | MutationVerb::Restore | MutationVerb::Remove
            )
            && match &settled.outcome {
                MutationOutcome::Applied { live } => shows(seen, live.as_ref()),
                _ => false,
            }
    });
    // Whether the picture shows a write that is on its way, nobody knows. It goes on from the old version.
    let under_way = state
        .pending
        .as_ref()
        .map(|pending| &pending.intent)
        .is_some_and(|i| i.verb == MutationVerb::Apply && i.object == seen.workload);
    match written.map(|settled| settled.intent.verb) {
        None => Newest::Untouched,
        Some(MutationVerb::Apply) => Newest::New,
        Some(_) if under_way => Newest::Untouched,
        Some(_) => Newest::Old,
    }
}

/// Whether a picture is of after a write. Resource versions of one resource are numbers that grow
/// (KEP-5504); where they are none, nothing is known of the order.
fn shows(seen: &WorkloadPicture, written: Option<&LiveHead>) -> bool {
    let number = |version: &str| version.parse::<u64>().ok();
    let seen = seen.resource_version.as_deref().and_then(number);
    let written = written.and_then(|live| number(&live.resource_version));
    seen.zip(written)
        .is_none_or(|(seen, written)| seen >= written)
}

/// Ready pods of the release's version of a workload.
pub(super) fn ready_of_new(state: &EnvironmentState, workload: &WorkloadPicture) -> u32 {
    match newest(state, workload) {
        Newest::Untouched | Newest::Old => 0,
        Newest::New => super::common::count(new_pods(workload).filter(|pod| pod.ready).count()),
    }
}

fn new_pods(workload: &WorkloadPicture) -> impl Iterator<Item = &PodPicture> {
    workload
        .pods
        .iter()
        .filter(|pod| pod.newest && !pod.terminating)
}

/// The workloads of a module in an environment: what the watch is asked for.
pub(super) fn workloads_of<'a>(
    release: &'a Release,
    environment: &'a EnvironmentId,
    module: &ModuleId,
) -> Vec<&'a ObjectRef> {
    let planned = release.plan.objects(environment);
    let mine = planned
        .filter(|(of, _)| &of.id == module)
        .map(|(_, planned)| &planned.object);
    mine.filter(|object| object.is_workload()).collect()
}

/// The grid of a module. What is counted is the version that it goes to: the release's, or on the way
/// back the old one.
pub(super) fn grid(
    state: &EnvironmentState,
    memory: &PodMemory,
    picture: Option<&Picture>,
    workloads: &[&ObjectRef],
    back: bool,
) -> PodGrid {
    let seen: Vec<&WorkloadPicture> = picture
        .map(|p| {
            p.workloads
                .iter()
                .filter(|w| workloads.contains(&&w.workload))
                .collect()
        })
        .unwrap_or_default();
    let readings = || seen.iter().filter_map(|w| w.rollout.as_ref());
    let there = seen
        .iter()
        .filter(|w| (newest(state, w) == Newest::New) != back);
    let pods: Vec<&PodPicture> = there.flat_map(|w| new_pods(w)).collect();
    let starts: Vec<f64> = pods
        .iter()
        .filter_map(|p| Some(ms_between(p.created_at?, p.ready_at?)))
        .collect();
    let total: u32 = readings().map(|r| r.wanted).sum();
    let ready = super::common::count(pods.iter().filter(|p| p.ready).count());
    let mean_start_ms =
        (!starts.is_empty()).then(|| starts.iter().sum::<f64>() / starts.len() as f64);
    let starting = pods.iter().filter(|p| !p.ready).count().max(1);
    PodGrid {
        slots: memory.slots(workloads),
        ready,
        total,
        surge: readings().find_map(|r| r.surge.clone()),
        unavailable: readings().find_map(|r| r.unavailable.clone()),
        mean_start_ms,
        remaining_ms: mean_start_ms
            .filter(|_| ready < total)
            .map(|mean| mean * f64::from(total - ready) / starting as f64),
    }
}

/// When a module's pods last made progress: one of them came, or became ready.
pub(super) fn last_progress(
    picture: Option<&Picture>,
    workloads: &[&ObjectRef],
) -> Option<Instant> {
    let seen = picture
        .into_iter()
        .flat_map(|p| &p.workloads)
        .filter(|w| workloads.contains(&&w.workload));
    seen.flat_map(new_pods)
        .flat_map(|pod| pod.created_at.into_iter().chain(pod.ready_at))
        .max()
}
