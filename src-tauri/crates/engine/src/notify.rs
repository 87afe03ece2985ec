use domain::{Command, EnvironmentId, ModuleId, NotificationKind, ReleaseId, Text};

use crate::Engine;
use crate::ports::DesktopNotice;

impl Engine {
    /// Tells the person through the desktop, and writes down whether it took the notice. Never
    /// fails: the ledger has the truth, a notification is only a hint.
    pub(crate) async fn tell(
        &self,
        release: &ReleaseId,
        environment: &EnvironmentId,
        kind: NotificationKind,
        modules: Vec<ModuleId>,
    ) {
        let Ok((known, _)) = self.environment(release, environment) else {
            return;
        };
        let name = known.plan.environment(environment).map(|e| e.name.clone());
        let notice = DesktopNotice {
            kind,
            release: release.clone(),
            title: known.plan.title.clone(),
            environment: environment.clone(),
            environment_name: name.unwrap_or_else(Text::default),
            modules: modules.clone(),
        };
        let bound = self.limits().notify;
        let handing = tokio::time::timeout(bound, self.ports().notifier.notify(notice));
        let why_not = match handing.await {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure.0),
            Err(_) => Some(format!("no answer within {} s", bound.as_secs())),
        };
        let command = Command::RecordNotification {
            environment: environment.clone(),
            kind,
            modules,
            why_not,
        };
        if let Err(failure) = self.book().commit(release, None, command).await {
            tracing::warn!(%release, %failure, "a notification could not be written down");
        }
    }
}
