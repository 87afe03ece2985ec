//! The text of a kubeconfig as plain data. Nothing is opened, run or resolved here.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::{KubeconfigFailure, Malformation};

/// Bytes of a kubeconfig.
pub(super) const LARGEST: usize = 1 << 20;

#[derive(Deserialize)]
pub(super) struct File {
    pub kind: Option<String>,
    #[serde(default)]
    pub clusters: Option<Vec<NamedCluster>>,
    #[serde(default)]
    pub users: Option<Vec<NamedUser>>,
    #[serde(default)]
    pub contexts: Option<Vec<NamedContext>>,
}

#[derive(Deserialize)]
pub(super) struct NamedCluster {
    pub name: String,
    pub cluster: Option<Cluster>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Cluster {
    pub server: Option<String>,
    pub certificate_authority: Option<String>,
    pub certificate_authority_data: Option<String>,
    pub insecure_skip_tls_verify: Option<bool>,
    pub tls_server_name: Option<String>,
    pub proxy_url: Option<String>,
    pub extensions: Option<Vec<Extension>>,
}

#[derive(Deserialize)]
pub(super) struct Extension {
    pub name: String,
    #[serde(default)]
    pub extension: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct NamedContext {
    pub name: String,
    pub context: Option<Context>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Context {
    pub cluster: Option<String>,
    pub user: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct NamedUser {
    pub name: String,
    pub user: Option<User>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct User {
    #[serde(deserialize_with = "secret")]
    pub token: Option<SecretString>,
    #[serde(rename = "tokenFile")]
    pub token_file: Option<String>,
    pub username: Option<String>,
    #[serde(deserialize_with = "secret")]
    pub password: Option<SecretString>,
    pub client_certificate: Option<String>,
    pub client_certificate_data: Option<String>,
    pub client_key: Option<String>,
    #[serde(deserialize_with = "secret")]
    pub client_key_data: Option<SecretString>,
    pub exec: Option<Exec>,
    pub auth_provider: Option<AuthProvider>,
    #[serde(rename = "as")]
    pub impersonate: Option<String>,
    pub as_uid: Option<String>,
    pub as_groups: Option<Vec<String>>,
    pub as_user_extra: Option<BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Exec {
    pub command: Option<String>,
    pub args: Option<Vec<String>>,
    pub env: Option<Vec<Variable>>,
    pub api_version: Option<String>,
    pub provide_cluster_info: Option<bool>,
    pub interactive_mode: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Variable {
    pub name: String,
    #[serde(default, deserialize_with = "secret")]
    pub value: Option<SecretString>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct AuthProvider {
    pub name: Option<String>,
    pub config: Option<AuthProviderConfig>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct AuthProviderConfig {
    pub cmd_path: Option<String>,
    pub cmd_args: Option<String>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// Reads a kubeconfig that stands for itself.
pub(super) fn parse(text: &str) -> Result<File, KubeconfigFailure> {
    let file = parse_part(text)?;
    if file.contexts.as_ref().is_none_or(Vec::is_empty) {
        return Err(KubeconfigFailure::NotKubeconfig);
    }
    Ok(file)
}

/// Reads the text within strict bounds. The parser's own messages quote the file, so that only its
/// position and the kind of problem come out. One of several files may have no contexts of its own.
pub(super) fn parse_part(text: &str) -> Result<File, KubeconfigFailure> {
    if text.len() > LARGEST {
        return Err(KubeconfigFailure::TooLarge {
            bytes: text.len(),
            limit: LARGEST,
        });
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            max_documents: 1,
            max_aliases: 16,
            max_anchors: 16,
            max_nodes: 50_000,
            max_events: 200_000,
            max_merge_keys: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 2_000,
            max_replay_stack_depth: 4,
            max_alias_expansions_per_anchor: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    };
    let file: File =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| malformed(&error))?;
    if file.kind.as_deref().is_some_and(|kind| kind != "Config") {
        return Err(KubeconfigFailure::NotKubeconfig);
    }
    Ok(file)
}

fn malformed(error: &serde_saphyr::Error) -> KubeconfigFailure {
    use serde_saphyr::Error;
    let error = error.without_snippet();
    let location = error.location();
    let problem = match error {
        Error::DuplicateMappingKey { .. } => Malformation::DuplicateKey,
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::MergeKeyNotAllowed { .. } => Malformation::Excess,
        Error::MultipleDocuments { .. } => Malformation::SeveralDocuments,
        Error::Message { .. }
        | Error::Unexpected { .. }
        | Error::NullIntoString { .. }
        | Error::InvalidScalar { .. }
        | Error::SerdeInvalidType { .. }
        | Error::SerdeInvalidValue { .. }
        | Error::SerdeMissingField { .. } => Malformation::Shape,
        _ => Malformation::Syntax,
    };
    KubeconfigFailure::Malformed {
        problem,
        line: location.map(|l| l.line()),
        column: location.map(|l| l.column()),
    }
}
