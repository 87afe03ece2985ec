use async_trait::async_trait;
use domain::{Instant, KeyStatement, PersonId, PublicKey, Signed, Statement};
use secrecy::SecretString;
use serde_json::Value;

use super::VaultFailure;

/// What connects to a cluster, as the keychain has it. Its secrets cannot be printed or serialized.
#[derive(Clone, Debug)]
pub struct Context {
    /// Name of the keychain entry.
    pub name: String,
    /// Server URL.
    pub server: String,
    /// CA certificates, PEM. Empty: the system's roots vouch for the server, or the one certificate
    /// in [`Route::pinned_pem`].
    pub ca_pem: String,
    /// Name to expect in the server's certificate, if another than the URL's host.
    pub tls_server_name: Option<String>,
    /// How it authenticates.
    pub credential: Credential,
    /// What else decides where it leads and as whom it acts.
    pub route: Route,
}

/// What a context has besides server, CA and credential. Empty for most.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The one certificate that is accepted, PEM, whatever name it is for: instead of a CA where the
    /// kubeconfig says not to check at all. Empty until a person has compared it.
    pub pinned_pem: Option<String>,
    /// The proxy that connections go through.
    pub proxy: Option<Proxy>,
    /// The user that the API server is asked to act as (impersonation).
    pub acts_as: Option<ActsAs>,
}

impl Route {
    /// Whether there is nothing of it.
    pub fn is_empty(&self) -> bool {
        self.pinned_pem.is_none() && self.proxy.is_none() && self.acts_as.is_none()
    }
}

/// A proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// `http`, `https` or `socks5` URL without user and password.
    pub url: String,
    /// User and password.
    pub login: Option<(String, SecretString)>,
}

/// A user that the API server is asked to act as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActsAs {
    /// User name.
    pub user: String,
    /// UID.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Further claims, by key.
    pub extra: Vec<(String, Vec<String>)>,
}

/// How a context authenticates.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing.
    Anonymous,
    /// Bearer token.
    Token(SecretString),
    /// User name and password.
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: SecretString,
    },
    /// Client certificate, PEM, and its key, PEM.
    Certificate {
        /// Certificate chain.
        certificate_pem: String,
        /// Private key.
        key_pem: SecretString,
    },
    /// Client certificate and token together, both sent, as client-go does: the API server takes the
    /// certificate, and the token where it does not accept that.
    CertificateAndToken {
        /// Certificate chain, PEM.
        certificate_pem: String,
        /// Private key, PEM.
        key_pem: SecretString,
        /// Bearer token.
        token: SecretString,
    },
    /// External command; run only after being allowed.
    Plugin(Plugin),
}

/// An external credential command (client-go credential plugin).
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The command as written; absolute if it was relative to its kubeconfig.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment variables; values may be secrets.
    pub environment: Vec<(String, SecretString)>,
    /// `client.authentication.k8s.io/v1` …
    pub api_version: String,
    /// Whether it wants to know the cluster (`provideClusterInfo`).
    pub wants_cluster: bool,
    /// What the cluster's entry says to credential commands (its extension
    /// `client.authentication.k8s.io/exec`), for one that wants to know the cluster.
    pub cluster_config: Option<Value>,
}

/// A credential command that was allowed to run for a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedCommand {
    /// Absolute path without symbolic links.
    pub path: String,
    /// SHA-256 of the file there, hex.
    pub sha256: String,
}

/// What may be shown of a stored context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextHead {
    /// Name of the keychain entry.
    pub name: String,
    /// Server URL.
    pub server: String,
    /// How it authenticates.
    pub kind: ContextKind,
    /// Command and arguments of a plugin.
    pub words: Vec<String>,
    /// Names of the plugin's environment variables.
    pub variables: Vec<String>,
    /// When certificate or token end, if that can be told.
    pub expires_at: Option<Instant>,
    /// Whether it has a CA of its own.
    pub has_ca: bool,
    /// The proxy, without user and password.
    pub proxy: Option<String>,
    /// As whom it acts.
    pub acts_as: Option<ActsAs>,
    /// Whether one certificate is pinned instead of a CA.
    pub certificate: CertificatePin,
}

/// Whether a context accepts one certificate instead of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificatePin {
    /// It has a CA, or the system's roots vouch for its server.
    No,
    /// It does, and nobody has compared the certificate yet: it cannot be used.
    Awaited,
    /// It does.
    Pinned,
}

/// How a stored context authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextKind {
    /// Nothing.
    Anonymous,
    /// Bearer token.
    Token,
    /// User name and password.
    Basic,
    /// Client certificate.
    Certificate,
    /// Client certificate and token.
    CertificateAndToken,
    /// External command.
    Plugin,
}

/// The OS keychain: contexts, people's keys, and a key that seals what the ledger keeps of Secrets.
/// Every call is bounded in time; none of them blocks the caller's thread.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Whether the keychain answers and is unlocked.
    async fn ready(&self) -> Result<(), VaultFailure>;

    /// Stores a context, replacing one of the same name as a whole.
    async fn store(&self, context: Context) -> Result<ContextHead, VaultFailure>;

    /// All stored contexts, by name.
    async fn contexts(&self) -> Result<Vec<ContextHead>, VaultFailure>;

    /// One context with its secrets.
    async fn context(&self, name: &str) -> Result<Context, VaultFailure>;

    /// Forgets a context, all of its items.
    async fn forget(&self, name: &str) -> Result<(), VaultFailure>;

    /// Makes a new key for a person beside the one there is, sealed by a passphrase of at least eight
    /// characters. It signs nothing before [`Vault::adopt_key`]; one prepared earlier is dropped.
    async fn prepare_key(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<PublicKey, VaultFailure>;

    /// Makes the prepared key the person's, locked, in place of the one before. Changes nothing if it is
    /// the person's already; `NoKey` if it was never prepared.
    async fn adopt_key(&self, person: &PersonId, key: &PublicKey) -> Result<(), VaultFailure>;

    /// Signs as the witness of another person's key. The witness's key is opened for this alone and
    /// stays as locked as it was.
    async fn witness(
        &self,
        statement: KeyStatement,
        passphrase: SecretString,
    ) -> Result<Signed<KeyStatement>, VaultFailure>;

    /// The person's public key and whether it can sign now; none when there is no key.
    async fn key(&self, person: &PersonId) -> Result<Option<(PublicKey, bool)>, VaultFailure>;

    /// Unlocks a person's key until the program ends or it is locked.
    async fn unlock(
        &self,
        person: &PersonId,
        passphrase: SecretString,
    ) -> Result<PublicKey, VaultFailure>;

    /// Locks it again.
    async fn lock(&self, person: &PersonId);

    /// Locks every key but this person's, and says whether any was unlocked.
    async fn lock_others(&self, person: &PersonId) -> bool;

    /// Signs a statement with the unlocked key of the statement's person.
    async fn sign(&self, statement: Statement) -> Result<Signed, VaultFailure>;

    /// Seals bytes with a key that only the keychain has.
    async fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, VaultFailure>;

    /// Opens what [`Vault::seal`] made.
    async fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, VaultFailure>;
}
