//! What goes on in this process, and ending all of it in a place where the next start can go on.

use domain::{EnvironmentId, ReleaseId};

use crate::Engine;
use crate::live::Running;

impl Engine {
    /// What tasks of this process work on now.
    pub fn under_way(&self) -> Vec<(ReleaseId, EnvironmentId, Running)> {
        let lanes = self.lanes().all();
        let running = lanes
            .into_iter()
            .filter_map(|((release, environment), lane)| {
                lane.running()
                    .map(|running| (release, environment, running))
            });
        running.collect()
    }

    /// Ends every task after the step it is at: a mutation under way is brought to its outcome, and none
    /// is begun after it. The ledger goes on saying that the work is under way, so that the next start
    /// offers to continue it. Returns when every task is over.
    pub async fn leave_all(&self) {
        let lanes = self.lanes().all();
        // All of them first: none begins another step while one before it comes to its end.
        let tasks: Vec<_> = lanes
            .into_iter()
            .map(|(_, lane)| (lane.dismiss(), lane))
            .collect();
        for (over, lane) in tasks {
            if let Some(over) = over {
                over.cancelled().await;
            }
            // A mutation outlives its task until its outcome is written down; whoever has the hands now
            // knows that none is under way.
            drop(lane.hands().await);
        }
    }
}
