//! Small scripted ports. They exist for orders of faults that no real part can be made to give.

mod cluster;
mod ledger;
mod vault;

use std::sync::Mutex;

use async_trait::async_trait;
use domain::{Binding, ClusterIdentity, Instant};
use engine::ports::*;

pub use cluster::{FakeCluster, FakeClusters, Fate};
pub use ledger::MemoryLedger;
pub use vault::FakeVault;

/// Time that moves with tokio's.
pub struct TokioClock {
    base: Instant,
    from: tokio::time::Instant,
}

impl TokioClock {
    pub fn new() -> Self {
        let base = "2026-09-15T02:00:00Z".parse().unwrap();
        TokioClock {
            base,
            from: tokio::time::Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        self.base + chrono::Duration::from_std(self.from.elapsed()).unwrap()
    }
}

/// A desktop that takes everything.
#[derive(Default)]
pub struct FakeNotifier(pub Mutex<Vec<DesktopNotice>>);

#[async_trait]
impl Notifier for FakeNotifier {
    async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure> {
        self.0.lock().unwrap().push(notice);
        Ok(())
    }
    async fn available(&self) -> bool {
        true
    }
}

pub fn identity(name: &str) -> ClusterIdentity {
    ClusterIdentity {
        uid: format!("uid-{name}"),
        url: format!("https://{name}:6443"),
        ca_sha256: format!("ca-{name}"),
        issuer_sha256: None,
    }
}

pub fn binding() -> Binding {
    Binding {
        context: "beijing".into(),
        identity: identity("beijing"),
    }
}

/// Answers of an address, in order; the last one stays.
#[derive(Default)]
pub struct FakeProbe(pub Mutex<Vec<domain::FactValue>>);

#[async_trait]
impl Probe for FakeProbe {
    async fn http(&self, _: &domain::HttpProbe) -> domain::FactValue {
        let next = {
            let mut answers = self.0.lock().unwrap();
            match answers.len() {
                0 => None,
                1 => Some(answers[0].clone()),
                _ => Some(answers.remove(0)),
            }
        };
        match next {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}
