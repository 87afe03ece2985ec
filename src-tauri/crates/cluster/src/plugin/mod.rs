//! Credential commands (client-go credential plugins): run only if allowed, and as what was allowed.

mod credential;
mod process;
mod program;

use chrono::Utc;
use engine::ports::{
    AllowedCommand, ClusterFailure, Context, Plugin, PluginProblem, PluginRefusal,
};
use secrecy::ExposeSecret;

use credential::Issued;
#[cfg(test)]
pub(crate) use program::read;
pub(crate) use program::{Exposure, Program, Watched};

use crate::limits::Limits;
use crate::printable::scrub;

/// What a run gave, and the file that gave it.
pub(crate) struct Run {
    pub issued: Issued,
    pub program: Watched,
}

/// The program of a command, if it is one that was allowed. Reads the whole file, so that it is asked
/// right before every run, and blocks meanwhile.
fn allowed(plugin: &Plugin, allowed: &[AllowedCommand]) -> Result<Program, ClusterFailure> {
    let refused = |program: Option<&Program>, why| ClusterFailure::PluginNotAllowed {
        path: match program {
            Some(program) => scrub(&program.path.to_string_lossy()),
            None => scrub(&plugin.command),
        },
        sha256: program.map(|program| program.sha256.clone()),
        why,
    };
    let Some(program) = Program::find(&plugin.command, None) else {
        return Err(refused(None, PluginRefusal::Missing));
    };
    let is_that = |one: &AllowedCommand| {
        std::path::Path::new(&one.path) == program.path
            && one.sha256.eq_ignore_ascii_case(&program.sha256)
    };
    let why = if program.exposure == Exposure::Everybody {
        PluginRefusal::Exposed
    } else if allowed.iter().any(is_that) {
        return Ok(program);
    } else if allowed.is_empty() {
        PluginRefusal::NeverAllowed
    } else {
        PluginRefusal::Changed
    };
    Err(refused(Some(&program), why))
}

/// Whether the command may run now. Runs nothing.
pub(crate) async fn check(
    plugin: &Plugin,
    of_context: &[AllowedCommand],
) -> Result<Program, ClusterFailure> {
    let (plugin, of_context) = (plugin.clone(), of_context.to_vec());
    let path = scrub(&plugin.command);
    tokio::task::spawn_blocking(move || allowed(&plugin, &of_context))
        .await
        .map_err(|_| ClusterFailure::PluginFailed {
            path,
            problem: PluginProblem::NotStarted("it could not be looked at".to_owned()),
        })?
}

/// Runs the command for a credential. What it prints is never logged.
pub(crate) async fn run(
    plugin: &Plugin,
    context: &Context,
    of_context: &[AllowedCommand],
    limits: &Limits,
) -> Result<Run, ClusterFailure> {
    let program = check(plugin, of_context).await?;
    let issued = async {
        let text = process::output(&program, plugin, context, limits).await?;
        credential::parse(text.expose_secret(), &plugin.api_version, Utc::now())
    };
    match issued.await {
        Ok(issued) => Ok(Run {
            issued,
            program: program.watched(),
        }),
        Err(problem) => Err(ClusterFailure::PluginFailed {
            path: scrub(&program.path.to_string_lossy()),
            problem,
        }),
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
