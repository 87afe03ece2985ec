//! What commands are called and which environment they are about, for the record of a refusal.

use domain::{Command, EnvironmentId};

/// The command's name as the ledger writes it.
pub(crate) fn command(command: &Command) -> &'static str {
    match command {
        Command::Create(_) => "create",
        Command::Finish => "finish",
        Command::Cancel { .. } => "cancel",
        Command::RecordIdentity { .. } => "recordIdentity",
        Command::RecordPermissions { .. } => "recordPermissions",
        Command::RecordDiff { .. } => "recordDiff",
        Command::ReviewDiff { .. } => "reviewDiff",
        Command::Declare(_) => "declare",
        Command::RecordBackup { .. } => "recordBackup",
        Command::Tick { .. } => "tick",
        Command::Waive { .. } => "waive",
        Command::AskWaiver { .. } => "askWaiver",
        Command::Vote { .. } => "vote",
        Command::OpenGate { .. } => "openGate",
        Command::Arm { .. } => "arm",
        Command::Disarm { .. } => "disarm",
        Command::StartRollout { .. } => "startRollout",
        Command::Intend { .. } => "intend",
        Command::EndStep { .. } => "endStep",
        Command::Settle { .. } => "settle",
        Command::RecordPaused { .. } => "recordPaused",
        Command::RecordResumed { .. } => "recordResumed",
        Command::LiftPause { .. } => "liftPause",
        Command::ConfirmSeen { .. } => "confirmSeen",
        Command::Stop { .. } => "stop",
        Command::Resume { .. } => "resume",
        Command::Conclude { .. } => "conclude",
        Command::StartWayBack { .. } => "startWayBack",
        Command::KeepFields { .. } => "keepFields",
        Command::KeepEdit { .. } => "keepEdit",
        Command::ConcludeWayBack { .. } => "concludeWayBack",
        Command::RecordNotification { .. } => "recordNotification",
        Command::AskHelp => "askHelp",
        Command::RecordFact { .. } => "recordFact",
    }
}

/// The environment that a command is about.
pub(crate) fn environment(command: &Command) -> Option<&EnvironmentId> {
    match command {
        Command::RecordIdentity { environment, .. }
        | Command::RecordPermissions { environment, .. }
        | Command::RecordDiff { environment, .. }
        | Command::ReviewDiff { environment, .. }
        | Command::RecordBackup { environment, .. }
        | Command::Arm { environment, .. }
        | Command::Disarm { environment }
        | Command::StartRollout { environment, .. }
        | Command::Intend { environment, .. }
        | Command::EndStep { environment, .. }
        | Command::Settle { environment, .. }
        | Command::RecordPaused { environment }
        | Command::RecordResumed { environment }
        | Command::LiftPause { environment, .. }
        | Command::ConfirmSeen { environment, .. }
        | Command::Stop { environment }
        | Command::Resume { environment }
        | Command::Conclude { environment, .. }
        | Command::StartWayBack { environment }
        | Command::KeepFields { environment, .. }
        | Command::KeepEdit { environment, .. }
        | Command::ConcludeWayBack { environment, .. }
        | Command::RecordNotification { environment, .. } => Some(environment),
        _ => None,
    }
}
