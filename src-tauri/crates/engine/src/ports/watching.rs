use std::sync::Arc;

use domain::{Instant, ObjectRef};
use tokio::sync::{mpsc, watch};

use super::RolloutReading;

/// A running watch of workloads. Dropping it ends it.
pub trait Watching: Send + Sync {
    /// The newest picture; changes at most about 20 times a second however fast events come. None
    /// until the first listing is complete: nothing is judged on a partial one. Shared, for it may be of
    /// ten thousand pods.
    fn pictures(&self) -> watch::Receiver<Option<Arc<Picture>>>;

    /// Log lines of the newest pods of a workload, from `tail` lines before now on; ends when the
    /// receiver is dropped. A slow receiver loses the oldest lines, counted in the next one.
    fn logs(&self, workload: &ObjectRef, tail: u32) -> mpsc::Receiver<LogLine>;
}

/// Workloads with their pods and events at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// When the newest change came.
    pub at: Option<Instant>,
    /// Whether the watch is connected now, and everything has been listed. Otherwise pods may be
    /// missing, and what is there may be old: to be shown, never to be judged.
    pub connected: bool,
    /// One entry a workload, in the order asked for.
    pub workloads: Vec<WorkloadPicture>,
    /// Events of the workloads, their ReplicaSets and pods, newest first, at most 200.
    pub events: Vec<ClusterEvent>,
}

/// A workload with its pods.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadPicture {
    /// The workload.
    pub workload: ObjectRef,
    /// Its resource version; none when it does not exist.
    pub resource_version: Option<String>,
    /// How its rollout stands; none when it does not exist.
    pub rollout: Option<RolloutReading>,
    /// Pods in a stable order.
    pub pods: Vec<PodPicture>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPicture {
    /// Name.
    pub name: String,
    /// Whether it is of the workload's newest template.
    pub newest: bool,
    /// `Pending`, `Running` …, or the waiting container's reason (`CrashLoopBackOff`).
    pub reason: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Whether it is ending.
    pub terminating: bool,
    /// Whether it cannot get ready by itself soon (crash loop, image error, failed).
    pub failing: bool,
    /// Restarts over all containers.
    pub restarts: u32,
    /// When it was created.
    pub created_at: Option<Instant>,
    /// When it became ready.
    pub ready_at: Option<Instant>,
    /// The node.
    pub node: Option<String>,
    /// Whether the node's kubelet has taken it up. One that nobody took up says nothing about what
    /// is in it.
    pub taken_up: bool,
}

/// A cluster event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterEvent {
    /// When it was last seen.
    pub at: Instant,
    /// Whether it is a warning.
    pub warning: bool,
    /// Reason.
    pub reason: String,
    /// `Pod/name`.
    pub object: String,
    /// Message, as it came: hostile.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// A log line, as it came: hostile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the container wrote it.
    pub at: Option<Instant>,
    /// The pod.
    pub pod: String,
    /// The line.
    pub text: String,
    /// Lines lost before this one.
    pub lost: u32,
}
