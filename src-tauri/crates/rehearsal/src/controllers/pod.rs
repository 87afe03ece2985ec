//! Scheduler and kubelet: a pod's life, step by step on the clock.

use super::Agenda;
use super::owned::write_status;
use super::podstatus::{self, Phase};
use super::{availability, events};
use crate::faults::Faults;
use crate::pace::Pace;
use crate::plane::Plane;
use crate::store::Store;
use crate::tree::{self, items, name, namespace, set, text};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;

/// What happens to a pod next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Schedule,
    Pull,
    Create,
    Start,
    BecomeReady,
    Crash,
    BackOffPull,
    Restart,
    Complete,
    End,
    Nothing,
}

struct Life {
    next: Next,
    due: Instant,
    failures: u32,
}

/// The lives of all pods. Kept in memory: after a restart of the program they continue from status.
pub(crate) struct Kubelet {
    pace: Pace,
    lives: HashMap<String, Life>,
}

impl Kubelet {
    pub(crate) fn new(plane: &Plane) -> Self {
        Kubelet {
            pace: plane.pace.clone(),
            lives: HashMap::new(),
        }
    }

    pub(crate) fn run(
        &mut self,
        store: &mut Store,
        faults: &Faults,
        rng: &mut StdRng,
        agenda: &mut Agenda,
    ) {
        let pods = store.list("pods", "");
        let there: HashSet<&str> = pods.iter().map(|pod| tree::uid(pod)).collect();
        self.lives.retain(|uid, _| there.contains(uid.as_str()));
        let now = Instant::now();
        for pod in pods {
            let uid = tree::uid(&pod).to_owned();
            let mut life = match self.lives.remove(&uid) {
                Some(life) => life,
                None => self.begin(&pod, now, rng),
            };
            if tree::is_terminating(&pod) && life.next != Next::End {
                self.stop(store, &pod, &mut life, now, rng);
            }
            while life.next != Next::Nothing && life.due <= now {
                let Some(live) = store.get("pods", namespace(&pod), name(&pod)) else {
                    life.next = Next::Nothing;
                    break;
                };
                self.step(store, &live, &mut life, faults, rng);
            }
            match life.next {
                Next::Nothing => {}
                // A pod that keeps failing never settles; nobody should wait for it.
                Next::Restart | Next::BackOffPull => agenda.look_at(life.due),
                Next::Crash | Next::Pull | Next::Create | Next::Start if life.failures > 0 => {
                    agenda.look_at(life.due)
                }
                _ => agenda.work_at(life.due),
            }
            self.lives.insert(uid, life);
        }
    }

    fn after(&self, base: Duration, rng: &mut StdRng) -> Instant {
        Instant::now() + self.pace.stretched(base, rng)
    }

    fn begin(&self, pod: &Value, now: Instant, rng: &mut StdRng) -> Life {
        let finished = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        let (next, due) = if text(pod, "/spec/nodeName").is_empty() {
            (Next::Schedule, self.after(self.pace.schedule, rng))
        } else if finished || availability::is_ready(pod) {
            (Next::Nothing, now)
        } else {
            (Next::Pull, self.after(self.pace.pull, rng))
        };
        Life {
            next,
            due,
            failures: 0,
        }
    }

    fn stop(
        &self,
        store: &mut Store,
        pod: &Value,
        life: &mut Life,
        now: Instant,
        rng: &mut StdRng,
    ) {
        for container in items(pod, "/spec/containers") {
            let own = text(container, "/name");
            let message = format!("Stopping container {own}");
            kubelet_event(store, pod, own, "Normal", "Killing", &message);
        }
        let grace = tree::number(pod, "/metadata/deletionGracePeriodSeconds", 30);
        let grace = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
        let takes = self.pace.stretched(self.pace.terminate, rng).min(grace);
        *life = Life {
            next: Next::End,
            due: now + takes,
            failures: 0,
        };
    }

    fn step(
        &self,
        store: &mut Store,
        pod: &Value,
        life: &mut Life,
        faults: &Faults,
        rng: &mut StdRng,
    ) {
        let images = || {
            items(pod, "/spec/containers")
                .iter()
                .map(|c| text(c, "/image"))
        };
        let pace = &self.pace;
        let (next, wait) = match life.next {
            Next::Schedule => match schedule(store, pod, rng) {
                true => (Next::Pull, Duration::ZERO),
                false => (Next::Nothing, Duration::ZERO),
            },
            Next::Pull => {
                for container in items(pod, "/spec/containers") {
                    let message = format!("Pulling image \"{}\"", text(container, "/image"));
                    kubelet_event(
                        store,
                        pod,
                        text(container, "/name"),
                        "Normal",
                        "Pulling",
                        &message,
                    );
                }
                (Next::Create, pace.pull)
            }
            Next::Create if images().any(|image| faults.cannot_pull(image)) => {
                pull_failed(store, pod, faults);
                (Next::BackOffPull, pace.backoff / 4)
            }
            Next::Create => {
                created(store, pod);
                (Next::Start, pace.start)
            }
            Next::BackOffPull => {
                life.failures += 1;
                pull_backs_off(store, pod, faults);
                (Next::Pull, self.backoff(life.failures))
            }
            Next::Start | Next::Restart => {
                started(store, pod, life.next == Next::Restart);
                let slow: Duration = images().map(|image| faults.slowness(image)).sum();
                if images().any(|image| faults.crashes(image)) {
                    (Next::Crash, pace.crash)
                } else if text(pod, "/spec/restartPolicy") != "Always" {
                    (Next::Complete, pace.ready)
                } else {
                    if !slow.is_zero() {
                        unready_probe(store, pod);
                    }
                    (Next::BecomeReady, pace.ready + slow)
                }
            }
            Next::BecomeReady => {
                write(store, pod, Phase::Ready);
                life.failures = 0;
                // Faults may have come since the start; a ready pod is left alone all the same.
                (Next::Nothing, Duration::ZERO)
            }
            Next::Complete => {
                write(store, pod, Phase::Succeeded);
                (Next::Nothing, Duration::ZERO)
            }
            Next::Crash => {
                life.failures += 1;
                self.crashed(store, pod, faults)
                    .map_or((Next::Nothing, Duration::ZERO), |()| {
                        (Next::Restart, self.backoff(life.failures))
                    })
            }
            Next::End => {
                store.remove("pods", namespace(pod), name(pod));
                (Next::Nothing, Duration::ZERO)
            }
            Next::Nothing => (Next::Nothing, Duration::ZERO),
        };
        life.next = next;
        life.due = if wait.is_zero() {
            Instant::now()
        } else {
            self.after(wait, rng)
        };
    }

    fn backoff(&self, failures: u32) -> Duration {
        let doubled = self.pace.backoff * 2_u32.pow(failures.saturating_sub(1).min(5));
        doubled.min(self.pace.backoff * 30)
    }

    /// `None` when the pod is not to be restarted and has failed for good.
    fn crashed(&self, store: &mut Store, pod: &Value, faults: &Faults) -> Option<()> {
        if text(pod, "/spec/restartPolicy") == "Never" {
            write(store, pod, Phase::Failed);
            return None;
        }
        let crashing = |image: &str| faults.crashes(image);
        write(store, pod, Phase::CrashLoop(&crashing));
        for container in items(pod, "/spec/containers")
            .iter()
            .filter(|c| faults.crashes(text(c, "/image")))
        {
            let own = text(container, "/name");
            let message = format!(
                "Back-off restarting failed container {own} in pod {}_{}({})",
                name(pod),
                namespace(pod),
                tree::uid(pod)
            );
            kubelet_event(store, pod, own, "Warning", "BackOff", &message);
        }
        Some(())
    }
}

fn kubelet_event(
    store: &mut Store,
    pod: &Value,
    container: &str,
    kind: &str,
    reason: &str,
    message: &str,
) {
    let part = format!("spec.containers{{{container}}}");
    events::record_at(store, pod, &part, kind, reason, message, "kubelet");
}

fn write(store: &mut Store, pod: &Value, phase: Phase) {
    // The pod may have been written by an earlier part of the same step.
    if let Some(live) = store.get("pods", namespace(pod), name(pod)) {
        let status = podstatus::of(&live, phase);
        write_status(store, "pods", "", &live, status, "kubelet");
    }
}

fn schedule(store: &mut Store, pod: &Value, rng: &mut StdRng) -> bool {
    let wanted = text(pod, "/spec/nodeSelector/kubernetes.io~1hostname").to_owned();
    let nodes: Vec<_> = store
        .list("nodes", "")
        .into_iter()
        .filter(|node| wanted.is_empty() || name(node) == wanted)
        .collect();
    if nodes.is_empty() {
        let message = "0/0 nodes are available: no nodes match the pod's node selector.";
        events::record(
            store,
            pod,
            "Warning",
            "FailedScheduling",
            message,
            "default-scheduler",
        );
        return false;
    }
    let node = &nodes[rng.random_range(0..nodes.len())];
    let mut placed = pod.clone();
    set(&mut placed, &["spec", "nodeName"], name(node));
    let placed = store.put("pods", placed);
    let message = format!(
        "Successfully assigned {}/{} to {}",
        namespace(pod),
        name(pod),
        name(node)
    );
    events::record(
        store,
        &placed,
        "Normal",
        "Scheduled",
        &message,
        "default-scheduler",
    );
    write(store, &placed, Phase::Creating);
    true
}

fn created(store: &mut Store, pod: &Value) {
    for container in items(pod, "/spec/containers") {
        let (own, image) = (text(container, "/name"), text(container, "/image"));
        let message = format!("Successfully pulled image \"{image}\"");
        kubelet_event(store, pod, own, "Normal", "Pulled", &message);
        let message = format!("Created container: {own}");
        kubelet_event(store, pod, own, "Normal", "Created", &message);
    }
}

fn started(store: &mut Store, pod: &Value, again: bool) {
    write(store, pod, Phase::Running);
    for container in items(pod, "/spec/containers") {
        let own = text(container, "/name");
        if again {
            let message = format!(
                "Container image \"{}\" already present on machine",
                text(container, "/image")
            );
            kubelet_event(store, pod, own, "Normal", "Pulled", &message);
        }
        kubelet_event(
            store,
            pod,
            own,
            "Normal",
            "Started",
            &format!("Started container {own}"),
        );
    }
}

fn unready_probe(store: &mut Store, pod: &Value) {
    for container in items(pod, "/spec/containers")
        .iter()
        .filter(|c| c.get("readinessProbe").is_some())
    {
        let message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
        kubelet_event(
            store,
            pod,
            text(container, "/name"),
            "Warning",
            "Unhealthy",
            message,
        );
    }
}

fn pull_failed(store: &mut Store, pod: &Value, faults: &Faults) {
    let missing = |image: &str| faults.cannot_pull(image);
    write(store, pod, Phase::PullFailed(&missing, "ErrImagePull"));
    for container in items(pod, "/spec/containers")
        .iter()
        .filter(|c| missing(text(c, "/image")))
    {
        let (own, image) = (text(container, "/name"), text(container, "/image"));
        let message = format!(
            "Failed to pull image \"{image}\": rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": not found"
        );
        kubelet_event(store, pod, own, "Warning", "Failed", &message);
        kubelet_event(store, pod, own, "Warning", "Failed", "Error: ErrImagePull");
    }
}

fn pull_backs_off(store: &mut Store, pod: &Value, faults: &Faults) {
    let missing = |image: &str| faults.cannot_pull(image);
    write(store, pod, Phase::PullFailed(&missing, "ImagePullBackOff"));
    for container in items(pod, "/spec/containers")
        .iter()
        .filter(|c| missing(text(c, "/image")))
    {
        let (own, image) = (text(container, "/name"), text(container, "/image"));
        let message = format!("Back-off pulling image \"{image}\"");
        kubelet_event(store, pod, own, "Normal", "BackOff", &message);
        kubelet_event(
            store,
            pod,
            own,
            "Warning",
            "Failed",
            "Error: ImagePullBackOff",
        );
    }
}
