use async_trait::async_trait;
use domain::{FactValue, HttpProbe};

/// Asks an address beside the clusters. Changes nothing there, carries no credential, and never fails: that
/// nobody answers is an observation, too.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Asks once, within the adapter's bounds.
    async fn http(&self, probe: &HttpProbe) -> FactValue;
}
