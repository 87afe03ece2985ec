use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{At, Failure, RoleView, Text};

/// How an environment's banner looks (design 00).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BannerLook {
    /// No cluster selected.
    Unselected,
    /// Not production.
    Offline,
    /// Production, but not the last stop.
    Production,
    /// The last production stop: the only one with the hazard stripe.
    LastProduction,
}

/// The banner: which cluster this window can change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct BannerView {
    /// Colour, glyph and edge.
    pub look: BannerLook,
    /// The selected environment.
    pub environment: Option<String>,
    /// Its name.
    pub name: Option<Text>,
    /// Which stop of the pipeline it belongs to, from 1.
    pub stop: u32,
    /// How many stops there are.
    pub stops: u32,
    /// The cluster's name in the workspace.
    pub cluster: String,
    /// Host and port of the API server.
    pub host: String,
    /// Namespaces that the environment names.
    pub namespaces: Vec<String>,
    /// What is known of the identity.
    pub identity: IdentityView,
    /// User name at the cluster (SelfSubjectReview).
    pub cluster_user: Option<String>,
    /// Who sits at the workstation.
    pub person: Option<String>,
    /// As what.
    pub role: Option<RoleView>,
    /// Whether anything can be changed now.
    pub arming: ArmingView,
    /// The cluster is a rehearsal cluster of this workstation, told by its identity.
    pub rehearsal: bool,
    /// As whom the context acts (impersonation), if as somebody else than it logs in as.
    pub acts_as: Option<String>,
    /// The credential's end, when it is near or over.
    pub credential: Option<CredentialEnd>,
}

/// The end of a credential that is near or over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct CredentialEnd {
    /// When it ends.
    pub at: At,
    /// Whether it has ended.
    pub over: bool,
}

/// What is known of a cluster's identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct IdentityView {
    /// The verdict.
    pub state: IdentityState,
    /// When it was last verified.
    pub verified_at: Option<At>,
    /// After how many seconds a verification is too old to change anything.
    pub limit_s: u32,
    /// Pinned `kube-system` UID.
    pub uid: Option<String>,
    /// Pinned CA, or pinned certificate, SHA-256, hex with colons; none where the system's roots vouch
    /// for the server.
    pub ca: Option<String>,
    /// Key of the public issuer, SHA-256, hex with colons; only where the system's roots vouch for the
    /// server. Another one is written down and cuts off nothing: the UID pins the cluster.
    pub issuer: Option<String>,
    /// The UID found instead.
    pub found_uid: Option<String>,
    /// The CA found instead.
    pub found_ca: Option<String>,
    /// Why the cluster could not be asked, when [`IdentityState::Unreachable`].
    pub why: Option<Failure>,
}

/// Verdict on a cluster's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum IdentityState {
    /// Nothing pinned.
    Unbound,
    /// Verified and young enough.
    Verified,
    /// Verified once, too long ago.
    Stale,
    /// Another cluster answers.
    Mismatch,
    /// The cluster could not be asked, or did not answer.
    Unreachable,
}

/// Whether the window can change the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ArmingView {
    /// The state.
    pub state: ArmingState,
    /// Why it is read-only.
    pub reason: Option<ReadOnlyReason>,
    /// The module it is armed for.
    pub module: Option<String>,
    /// Until when.
    pub until: Option<At>,
    /// Whether arming asks for the cluster's name (production).
    pub asks_name: bool,
}

/// State of the arming box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ArmingState {
    /// Nothing can be changed; going back always can.
    ReadOnly,
    /// One module can be changed for a time.
    Armed,
    /// A way back is under way.
    RollingBack,
}

/// Why nothing can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ReadOnlyReason {
    /// No cluster is selected.
    Unselected,
    /// Nobody armed it.
    NotArmed,
    /// The gate is closed.
    GateClosed,
    /// The identity check is too old.
    IdentityStale,
    /// Another cluster answers.
    IdentityMismatch,
    /// Not bound yet.
    Unbound,
    /// The person is the verifier.
    Verifier,
    /// No release is open.
    NoRelease,
    /// The newest release here is finished or cancelled.
    ReleaseOver,
    /// Everything here is done.
    Done,
}

/// An environment in the list of environments (design 07).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct EnvironmentView {
    /// Identifier in `pilothouse.yaml`.
    pub id: String,
    /// Name to show.
    pub name: Text,
    /// The stage it belongs to.
    pub stage: String,
    /// Colour and glyph.
    pub look: BannerLook,
    /// Cluster name.
    pub cluster: String,
    /// Namespaces that the environment names.
    pub namespaces: Vec<String>,
    /// The keychain entry bound to it.
    pub context: Option<String>,
    /// API server, host and port.
    pub host: Option<String>,
    /// Identity.
    pub identity: IdentityView,
    /// The API server's version.
    pub version: Option<String>,
    /// Seconds the cluster's clock is ahead (negative: behind) of the workstation's.
    pub clock_skew_s: Option<f64>,
    /// Whether the cluster is a rehearsal cluster of this workstation.
    pub rehearsal: bool,
}

/// What a kubeconfig holds, before anything of it is stored or run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ImportPreview {
    /// Contexts in the file's order.
    pub contexts: Vec<ContextPreview>,
    /// Names that occur more than once in it.
    pub warnings: Vec<ImportWarning>,
}

/// A name that occurs more than once in a kubeconfig.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ImportWarning {
    /// The name of what.
    pub entry: KubeconfigEntry,
    /// The name.
    pub name: String,
    /// How often.
    pub times: u32,
}

/// The lists of a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KubeconfigEntry {
    /// `contexts`.
    Context,
    /// `clusters`.
    Cluster,
    /// `users`.
    User,
}

/// One context of a kubeconfig.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ContextPreview {
    /// Name in the file.
    pub name: String,
    /// Server URL as written.
    pub server: String,
    /// SHA-256 of the embedded CA, hex with colons.
    pub ca: Option<String>,
    /// Name of the user entry.
    pub user: String,
    /// How it authenticates.
    pub credential: CredentialKind,
    /// The command it would run, word by word; never run on import.
    pub plugin: Option<PluginView>,
    /// Files it refers to, which are embedded only after asking.
    pub files: Vec<String>,
    /// Why it cannot be imported, if it cannot.
    pub refused: Option<ContextRefusal>,
    /// What vouches for the server.
    pub trust: ContextTrust,
    /// The proxy that it goes through.
    pub proxy: Option<ProxyView>,
    /// As whom it acts, if as somebody else.
    pub acts_as: Option<ActsAsView>,
    /// What its certificates and tokens say against themselves.
    pub credential_concerns: Vec<CredentialConcernView>,
    /// Whether an entry of that name is in the keychain already.
    pub stored: bool,
}

/// What vouches for a context's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ContextTrust {
    /// Its CA.
    Ca,
    /// The system's roots and the host name.
    System,
    /// Nothing yet (`insecure-skip-tls-verify`): the presented certificate is compared and pinned
    /// before the context is used, and never for production.
    ToPin,
    /// One certificate that a person has compared.
    Pinned,
}

/// A proxy in its parts; its password is never shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ProxyView {
    /// `http`, `https` or `socks5`.
    pub scheme: String,
    /// Host.
    pub host: String,
    /// Port, if it is written.
    pub port: Option<u16>,
    /// The user that logs in there.
    pub user: Option<String>,
    /// Whether there is a password, kept in the keychain only.
    pub has_password: bool,
}

/// A user that the API server is asked to act as.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ActsAsView {
    /// User name.
    pub user: String,
    /// UID.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Further claims, `key=value` each.
    pub extra: Vec<String>,
}

/// What speaks against a certificate or token of a kubeconfig.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct CredentialConcernView {
    /// Which one and what.
    pub what: CredentialConcern,
    /// When it ended or begins.
    pub at: Option<At>,
}

/// What speaks against a certificate or token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CredentialConcern {
    /// A CA certificate has ended.
    CaExpired,
    /// A CA certificate does not hold yet.
    CaNotYetValid,
    /// The client certificate has ended.
    CertificateExpired,
    /// The client certificate does not hold yet.
    CertificateNotYetValid,
    /// The client certificate is not for clients.
    NotForClients,
    /// The token has ended.
    TokenExpired,
}

/// Kubeconfigs that are where kubectl would look. Only listed: nothing of them is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct KubeconfigOffer {
    /// Why it is offered.
    pub from: OfferedBy,
    /// The files, in the order in which they are merged.
    pub files: Vec<String>,
    /// Those of them that are not there; kubectl leaves them out.
    pub missing: Vec<String>,
}

/// Why kubeconfigs are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OfferedBy {
    /// The variable `KUBECONFIG` names them.
    Variable,
    /// `~/.kube/config`.
    Home,
}

/// The certificate that a server presents, for a person to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct CertificateView {
    /// SHA-256 of the certificate, hex with colons.
    pub sha256: String,
    /// Whose it says it is.
    pub subject: String,
    /// Who it says signed it.
    pub issuer: String,
    /// From when it holds.
    pub not_before: At,
    /// Until when it holds.
    pub not_after: At,
}

/// How a context authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CredentialKind {
    /// Bearer token.
    Token,
    /// Client certificate.
    Certificate,
    /// Client certificate and token, both sent.
    CertificateAndToken,
    /// User name and password.
    Basic,
    /// External command.
    Plugin,
    /// None.
    Anonymous,
}

/// An external credential command, shown word by word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PluginView {
    /// The command and each argument, unjoined.
    pub words: Vec<String>,
    /// Names of the environment variables that it would get (never values).
    pub environment: Vec<String>,
    /// Absolute path that it resolves to, without symbolic links.
    pub path: Option<String>,
    /// SHA-256 of the file at that path.
    pub sha256: Option<String>,
    /// Whether this path with this digest has been allowed.
    pub allowed: bool,
    /// Whether another path or digest has been allowed for this context: it is asked for again.
    pub changed: bool,
    /// Properties that speak against it.
    pub concerns: Vec<PluginConcern>,
}

/// What speaks against a credential command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PluginConcern {
    /// It runs a shell.
    Shell,
    /// It is a program that runs another one, which the digest does not cover.
    Interpreter,
    /// It sets variables that decide what is loaded besides the file (`LD_PRELOAD`, `PATH` …).
    LoaderVariable,
    /// It names a plain http address.
    PlainHttp,
    /// Its path is not absolute.
    RelativePath,
    /// There is no such file.
    NotFound,
    /// A group on this workstation may exchange the file.
    WritableByGroup,
    /// Everybody on this workstation may exchange the file, or somebody else owns it: it is never
    /// run, allowed or not.
    Exposed,
    /// It is the legacy `auth-provider` command.
    LegacyAuthProvider,
}

/// Why a context cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ContextRefusal {
    /// `insecure-skip-tls-verify` beside a CA.
    InsecureWithCa,
    /// The server is not https.
    NotHttps,
    /// Its cluster entry is missing.
    MissingCluster,
    /// Its user entry is missing.
    MissingUser,
    /// A certificate or key cannot be read.
    BadCertificate,
    /// The key belongs to another certificate.
    KeyMismatch,
    /// The name occurs more than once.
    DuplicateName,
    /// Control characters or an unusable URL.
    Unprintable,
    /// A `proxy-url` that is neither http, https nor socks5, or more than a host and port.
    BadProxy,
    /// `as-uid`, `as-groups` or `as-user-extra` without `as`.
    HalfImpersonation,
    /// More than one way to log in.
    SeveralCredentials,
    /// A user name without a password, or the other way round.
    HalfCredential,
    /// The legacy `auth-provider`.
    AuthProvider,
    /// A credential command of an unknown version.
    PluginVersion,
    /// A credential command that has to ask at a terminal.
    PluginInteractive,
    /// A credential command with a variable or a mode that does not exist.
    PluginEntry,
}

/// What a cluster says of itself before it is pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ProbeView {
    /// `kube-system` UID.
    pub uid: String,
    /// Server URL.
    pub url: String,
    /// SHA-256 of the CA, or of the pinned certificate, hex with colons; empty where the system's roots
    /// vouch for the server.
    pub ca: String,
    /// Key of the public issuer, SHA-256, hex with colons; only where the system's roots vouch for it.
    pub issuer: Option<String>,
    /// As whom the context acts, if as somebody else than it logs in as.
    pub acts_as: Option<String>,
    /// Server version.
    pub version: String,
    /// Who one is there.
    pub user: String,
    /// Seconds the cluster's clock is ahead (negative: behind) of the workstation's.
    #[specta(type = u32)]
    pub clock_skew_s: f64,
    /// The identity is that of a rehearsal cluster of this workstation.
    pub rehearsal: bool,
    /// Other environments that are pinned to the same cluster.
    pub shared_with: Vec<String>,
}

/// What the person may do in an environment, verb by verb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PermissionsView {
    /// The environment asked about.
    pub environment: String,
    /// When it was asked.
    pub at: At,
    /// One row a resource.
    pub rows: Vec<PermissionRow>,
    /// How many that a release needs are missing.
    pub missing: u32,
    /// How many are wider than needed.
    pub excessive: u32,
}

/// Permissions on one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PermissionRow {
    /// `deployments.apps`, `pods/log` …
    pub resource: String,
    /// Namespace, or none for the cluster.
    pub namespace: Option<String>,
    /// One cell a verb, in the order get, watch, patch, update, create, delete.
    pub cells: Vec<PermissionCell>,
}

/// One verb.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct PermissionCell {
    /// The verb.
    pub verb: String,
    /// Whether the cluster says yes.
    pub allowed: bool,
    /// Whether a release needs it.
    pub needed: bool,
}

/// A context in the keychain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StoredContext {
    /// Its name in the keychain.
    pub name: String,
    /// Host and port of the API server.
    pub host: String,
    /// How it authenticates.
    pub credential: CredentialKind,
    /// The command it runs, if it runs one.
    pub plugin: Option<PluginView>,
    /// When its client certificate or token ends, if that can be told.
    pub expires_at: Option<At>,
    /// What vouches for its server.
    pub trust: ContextTrust,
    /// The proxy that it goes through, without user and password.
    pub proxy: Option<String>,
    /// As whom it acts, if as somebody else.
    pub acts_as: Option<String>,
    /// Environments that are bound to it.
    pub bound_to: Vec<String>,
}
