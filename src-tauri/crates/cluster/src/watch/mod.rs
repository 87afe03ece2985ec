//! Watches workloads: what of them is kept, the picture made of it, and their logs.

mod follow;
mod lines;
mod logs;
mod picture;
mod pod_stream;
mod pods;
mod protobuf;
mod queue;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ObjectRef;
use engine::ports::{LogLine, Picture, Watching};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::connection::Connection;
use crate::kinds::Kind;
use store::{Shared, Slot};

/// A running watch. Dropping it ends every task of it.
pub(crate) struct Watch {
    connection: Arc<Connection>,
    shared: Arc<Shared>,
    pictures: watch::Receiver<Option<Arc<Picture>>>,
    token: CancellationToken,
    _end: DropGuard,
}

impl Watch {
    /// Begins to watch. One stream a kind and namespace; pods, ReplicaSets and events of the whole
    /// namespace, since a pod's owner and not its labels says whose it is.
    pub fn begin(connection: Arc<Connection>, workloads: Vec<(ObjectRef, Kind)>) -> Watch {
        let token = CancellationToken::new();
        let slots = slots(&workloads);
        let shared = Arc::new(Shared::new(
            workloads.into_iter().map(|(object, _)| object).collect(),
            &slots,
        ));
        let (sender, pictures) = watch::channel(None);
        for slot in slots {
            let task = follow::follow(connection.clone(), shared.clone(), slot);
            tokio::spawn(token.clone().run_until_cancelled_owned(task));
        }
        let task = picture::publish(shared.clone(), sender, connection.limits.clone());
        tokio::spawn(token.clone().run_until_cancelled_owned(task));
        Watch {
            connection,
            shared,
            pictures,
            _end: token.clone().drop_guard(),
            token,
        }
    }
}

fn slots(workloads: &[(ObjectRef, Kind)]) -> Vec<Slot> {
    let mut slots: BTreeMap<(String, String), Slot> = BTreeMap::new();
    let namespaces: BTreeSet<&str> = workloads
        .iter()
        .map(|(object, _)| object.namespace.as_str())
        .collect();
    let own = workloads
        .iter()
        .map(|(object, kind)| Slot::of(kind, &object.namespace));
    let others = namespaces.into_iter().flat_map(Slot::of_namespace);
    for slot in own.chain(others) {
        slots.insert((slot.namespace.clone(), slot.resource.plural.clone()), slot);
    }
    slots.into_values().collect()
}

impl Watching for Watch {
    fn pictures(&self) -> watch::Receiver<Option<Arc<Picture>>> {
        self.pictures.clone()
    }

    fn logs(&self, workload: &ObjectRef, tail: u32) -> mpsc::Receiver<LogLine> {
        logs::begin(
            self.connection.clone(),
            self.shared.clone(),
            self.token.child_token(),
            workload.clone(),
            tail,
        )
    }
}
