//! What stories begin with.

use std::sync::Arc;
use std::time::Duration;

use acceptance::wire::Proxy;
use acceptance::world::{Given, quick_cluster, quick_engine};

use crate::ground::Ground;

/// A release of one module in the story's own namespace, with bounds that a story can wait for and a
/// busy machine can keep.
pub fn given(ground: &Arc<Ground>) -> Given {
    let engine = engine::Limits {
        lost_contact: Duration::from_secs(60),
        failing_patience: Duration::from_secs(20),
        question: Duration::from_secs(5),
        silence: Duration::from_secs(2),
        ..quick_engine()
    };
    let cluster = cluster::Limits {
        read: Duration::from_secs(3),
        server_deadline: Duration::from_secs(2),
        settle: Duration::from_secs(3),
        ..quick_cluster()
    };
    Given {
        limits: (engine, cluster),
        alone_in: Some(ground.namespace.clone()),
        // No field is another's, so that the first request is the one that is carried out.
        ours: true,
        ..Given::default()
    }
}

/// The same, with the program behind a proxy.
pub async fn behind_a_proxy(ground: &Arc<Ground>) -> (Given, Proxy) {
    let proxy = Proxy::before(&ground.site).await;
    let given = Given {
        through: Some((proxy.url(), proxy.ca_pem().to_owned())),
        ..given(ground)
    };
    (given, proxy)
}

/// Containers that are not ready for some seconds, so that there is a middle of the rollout.
pub fn slow(given: Given) -> Given {
    Given {
        manifests: vec![(
            "            periodSeconds: 1\n",
            "            periodSeconds: 1\n            initialDelaySeconds: 4\n",
        )],
        ..given
    }
}

/// A team's deadline for progress, in seconds, instead of the example's two minutes.
pub fn deadline(given: Given, edit: &'static str) -> Given {
    let mut edits = given.edits.clone();
    edits.push(("progressDeadlineSeconds: 120", edit));
    Given { edits, ..given }
}
