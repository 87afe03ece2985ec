//! What a kubeconfig holds, judged before a client is built, a command run or a file read
//! (facts 2.4, 2.6: kube-rs does all three while it connects).

mod command;
mod context;
mod embed;
mod failure;
mod file;
mod judge;
mod screen;
mod shown;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;

use engine::ports::{Context, ContextKind};

pub use command::{PluginConcern, PluginPreview, command_preview};
pub use failure::{FileProblem, KubeconfigFailure, Malformation};

/// What a kubeconfig holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Contexts in the file's order.
    pub contexts: Vec<ContextPreview>,
    /// Names that occur more than once in it.
    pub warnings: Vec<Repeated>,
}

/// A name that occurs more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Where.
    pub entry: Entry,
    /// The name, printable.
    pub name: String,
    /// How often.
    pub times: usize,
}

/// The lists of a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `contexts`.
    Context,
    /// `clusters`.
    Cluster,
    /// `users`.
    User,
}

/// One context of a kubeconfig. All texts are printable; none is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextPreview {
    /// Name in the file.
    pub name: String,
    /// Server URL, without user information.
    pub server: String,
    /// SHA-256 of the embedded CA, hex, as [`domain::ClusterIdentity::ca_sha256`].
    pub ca_sha256: Option<String>,
    /// Name of the user entry.
    pub user: String,
    /// How it authenticates.
    pub credential: ContextKind,
    /// The command it would run.
    pub plugin: Option<PluginPreview>,
    /// Files that it refers to, as written.
    pub files: Vec<String>,
    /// Why it cannot be imported.
    pub refused: Option<Refusal>,
}

/// Why a context cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `insecure-skip-tls-verify`.
    #[error("it does not check the server's certificate")]
    InsecureTls,
    /// The server is not https.
    #[error("its server is not https")]
    NotHttps,
    /// Its cluster entry is missing.
    #[error("its cluster is missing")]
    MissingCluster,
    /// Its user entry is missing.
    #[error("its user is missing")]
    MissingUser,
    /// No CA, so that nothing could be pinned.
    #[error("it has no CA")]
    NoCa,
    /// A certificate or key cannot be read.
    #[error("a certificate or key of it cannot be read")]
    BadCertificate,
    /// The name of the context, its cluster or its user occurs more than once.
    #[error("a name of it occurs more than once")]
    DuplicateName,
    /// Hidden characters, or a server that is no usable URL.
    #[error("it has hidden characters or an unusable URL")]
    Unprintable,
    /// `proxy-url`.
    #[error("it goes through a proxy")]
    Proxy,
    /// `as`, `as-groups` …
    #[error("it acts as somebody else")]
    Impersonation,
    /// More than one way to log in: which one is used would differ from client to client.
    #[error("it has more than one credential")]
    SeveralCredentials,
    /// A user name without a password, or the other way round.
    #[error("it has half of a credential")]
    HalfCredential,
    /// The legacy `auth-provider`, which Kubernetes dropped with 1.26.
    #[error("it uses auth-provider, which Kubernetes dropped with 1.26")]
    AuthProvider,
    /// A credential command of another version than `client.authentication.k8s.io/v1` and `v1beta1`.
    #[error("its credential command is of an unknown version")]
    PluginVersion,
    /// A credential command that has to ask at a terminal (`interactiveMode: Always`).
    #[error("its credential command asks at a terminal")]
    PluginInteractive,
    /// A credential command with a variable or a mode that does not exist.
    #[error("the entry of its credential command is wrong")]
    PluginEntry,
}

/// Shows what a kubeconfig holds. Opens no file but the programs that its contexts would run, and
/// those only to take their digest. `base` is the folder of the file; none for a pasted text.
pub fn preview(text: &str, base: Option<&Path>) -> Result<Preview, KubeconfigFailure> {
    let file = file::parse(text)?;
    let screened = screen::all(&file);
    let warnings = screen::repeated(&file);
    let contexts = screened
        .iter()
        .map(|context| context.preview(base))
        .collect();
    Ok(Preview { contexts, warnings })
}

/// Takes contexts out of a kubeconfig, each complete in itself. Files that they refer to are read
/// only with `embed_files`; `base` is the folder that relative ones start from. All or none.
pub fn import(
    text: &str,
    base: Option<&Path>,
    names: &[String],
    embed_files: bool,
) -> Result<Vec<Context>, KubeconfigFailure> {
    let file = file::parse(text)?;
    let screened = screen::all(&file);
    names
        .iter()
        .map(|name| {
            let context = screened
                .iter()
                .find(|context| context.name == name.as_str())
                .ok_or_else(|| KubeconfigFailure::UnknownContext(crate::printable::scrub(name)))?;
            context::build(context, base, embed_files)
        })
        .collect()
}
