//! A desktop that remembers what it was told.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::NotificationKind;
use engine::ports::{DesktopNotice, Notifier, NotifyFailure};

/// Keeps every notice.
#[derive(Clone, Debug, Default)]
pub struct Notices(Arc<Mutex<Vec<DesktopNotice>>>);

impl Notices {
    /// What was told so far, in order.
    pub fn kinds(&self) -> Vec<NotificationKind> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|notice| notice.kind).collect()
    }
}

#[async_trait]
impl Notifier for Notices {
    async fn notify(&self, notice: DesktopNotice) -> Result<(), NotifyFailure> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(notice);
        Ok(())
    }

    async fn available(&self) -> bool {
        true
    }
}
