//! What a kubeconfig holds, judged before a client is built, a command run or a file read
//! (facts 2.4, 2.6: kube-rs does all three while it connects).

mod command;
mod concern;
mod context;
mod embed;
mod failure;
mod file;
mod judge;
mod merge;
mod route;
mod screen;
mod shown;
#[cfg(test)]
mod tests;
mod value;

use std::path::{Path, PathBuf};

use chrono::Utc;
use engine::ports::{ActsAs, Context, ContextKind};

pub use concern::{Concern, Credential as ConcernOf, CredentialConcern};
pub use route::ProxyPreview;

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
    /// What vouches for the server.
    pub trust: TrustPreview,
    /// The proxy that it goes through.
    pub proxy: Option<ProxyPreview>,
    /// As whom it acts, if as somebody else. Printable.
    pub acts_as: Option<ActsAs>,
    /// What its certificates and tokens say against themselves.
    pub concerns: Vec<CredentialConcern>,
    /// Why it cannot be imported.
    pub refused: Option<Refusal>,
}

/// What vouches for a context's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustPreview {
    /// Its CA.
    Ca,
    /// The system's roots: it has none.
    System,
    /// Nothing (`insecure-skip-tls-verify`): the certificate that the server presents has to be
    /// compared and pinned before it is used, and never for production.
    ToPin,
}

impl ContextPreview {
    /// Whether something of it has to be confirmed before it is stored: a proxy, another user, no
    /// checked certificate.
    pub fn is_unusual(&self) -> bool {
        self.proxy.is_some() || self.acts_as.is_some() || self.trust == TrustPreview::ToPin
    }
}

/// Why a context cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `insecure-skip-tls-verify` beside a CA.
    #[error("it has a CA, and says not to check the server's certificate")]
    InsecureWithCa,
    /// The server is not https.
    #[error("its server is not https")]
    NotHttps,
    /// Its cluster entry is missing.
    #[error("its cluster is missing")]
    MissingCluster,
    /// Its user entry is missing.
    #[error("its user is missing")]
    MissingUser,
    /// A certificate or key cannot be read.
    #[error("a certificate or key of it cannot be read")]
    BadCertificate,
    /// The key belongs to another certificate.
    #[error("its key is not the one of its certificate")]
    KeyMismatch,
    /// The name of the context, its cluster or its user occurs more than once.
    #[error("a name of it occurs more than once")]
    DuplicateName,
    /// Hidden characters, or a server that is no usable URL.
    #[error("it has hidden characters or an unusable URL")]
    Unprintable,
    /// A `proxy-url` that is neither http, https nor socks5, or has more than a host and port.
    #[error("its proxy is no usable URL")]
    BadProxy,
    /// `as-uid`, `as-groups` or `as-user-extra` without `as`.
    #[error("it has claims of another user, but does not say which")]
    HalfImpersonation,
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

/// The text of a kubeconfig, and the folder that relative paths in it start from; none for a pasted
/// text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The text.
    pub text: String,
    /// The folder.
    pub base: Option<PathBuf>,
}

/// What a person agreed to before contexts are stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Agreed<'a> {
    /// Files that the contexts refer to may be read.
    pub embed_files: bool,
    /// Contexts whose proxy, other user or unchecked certificate was seen and confirmed.
    pub confirmed: &'a [String],
}

/// Shows what a kubeconfig holds. Opens no file but the programs that its contexts would run, each
/// once, and those only to take their digest. `base` is the folder of the file; none for a pasted text.
pub fn preview(text: &str, base: Option<&Path>) -> Result<Preview, KubeconfigFailure> {
    Ok(of_file(&file::parse(text)?, base))
}

/// Shows what several kubeconfigs hold together, merged as kubectl does: of a name that several of
/// them have, the first counts.
pub fn preview_merged(sources: &[Source]) -> Result<Preview, KubeconfigFailure> {
    Ok(of_file(&merge::all(sources)?, None))
}

fn of_file(file: &file::File, base: Option<&Path>) -> Preview {
    let screened = screen::all(file);
    let programs = command::Programs::of(&screened, base);
    let now = Utc::now();
    let contexts = screened
        .iter()
        .map(|context| context.preview(&programs, now))
        .collect();
    Preview {
        contexts,
        warnings: screen::repeated(file),
    }
}

/// Takes contexts out of a kubeconfig, each complete in itself. Files that they refer to are read
/// only with `embed_files`; `base` is the folder that relative ones start from. All or none; none
/// that has something to confirm, see [`import_merged`].
pub fn import(
    text: &str,
    base: Option<&Path>,
    names: &[String],
    embed_files: bool,
) -> Result<Vec<Context>, KubeconfigFailure> {
    let agreed = Agreed {
        embed_files,
        confirmed: &[],
    };
    of_names(&file::parse(text)?, base, names, &agreed)
}

/// Takes contexts out of kubeconfigs that are merged as by [`preview_merged`]. All or none.
pub fn import_merged(
    sources: &[Source],
    names: &[String],
    agreed: &Agreed<'_>,
) -> Result<Vec<Context>, KubeconfigFailure> {
    of_names(&merge::all(sources)?, None, names, agreed)
}

fn of_names(
    file: &file::File,
    base: Option<&Path>,
    names: &[String],
    agreed: &Agreed<'_>,
) -> Result<Vec<Context>, KubeconfigFailure> {
    let screened = screen::all(file);
    let embedded = embed::Embedded::default();
    names
        .iter()
        .map(|name| {
            let context = screened
                .iter()
                .find(|context| context.name == name.as_str())
                .ok_or_else(|| KubeconfigFailure::UnknownContext(crate::printable::scrub(name)))?;
            context::build(context, base, agreed, &embedded)
        })
        .collect()
}
