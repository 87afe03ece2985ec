//! Contexts: those in the keychain and those that a kubeconfig offers.

use cluster::kubeconfig::TrustPreview;
use contract::views::{at, hex_with_colons, host_of};
use contract::{
    ActsAsView, ContextPreview, ContextRefusal, ContextTrust, CredentialConcern,
    CredentialConcernView, CredentialKind, Failure, ImportPreview, ImportWarning, KubeconfigEntry,
    PluginConcern, PluginView, ProxyView, StoredContext,
};
use domain::Register;
use engine::ports::{ActsAs, CertificatePin, ContextHead, ContextKind};

use crate::desk::Desk;

fn credential(kind: ContextKind) -> CredentialKind {
    match kind {
        ContextKind::Anonymous => CredentialKind::Anonymous,
        ContextKind::Token => CredentialKind::Token,
        ContextKind::Basic => CredentialKind::Basic,
        ContextKind::Certificate => CredentialKind::Certificate,
        ContextKind::CertificateAndToken => CredentialKind::CertificateAndToken,
        ContextKind::Plugin => CredentialKind::Plugin,
    }
}

/// The contexts in the keychain.
pub async fn stored_contexts(desk: &Desk) -> Result<Vec<StoredContext>, Failure> {
    let register = desk.engine().await?.register();
    let heads = desk.vault.contexts().await?;
    Ok(heads
        .into_iter()
        .map(|head| stored(head, &register))
        .collect())
}

fn stored(head: ContextHead, register: &Register) -> StoredContext {
    let shown = (head.kind == ContextKind::Plugin)
        .then(|| cluster::kubeconfig::command_preview(&head.words, &head.variables));
    let bound = register
        .bindings
        .iter()
        .filter(|(_, bound)| bound.context == head.name);
    StoredContext {
        host: host_of(&head.server),
        credential: credential(head.kind),
        plugin: shown.map(|shown| plugin(shown, &head.name, register)),
        expires_at: head.expires_at.map(at),
        bound_to: bound
            .map(|(environment, _)| environment.to_string())
            .collect(),
        trust: match head.certificate {
            CertificatePin::Awaited => ContextTrust::ToPin,
            CertificatePin::Pinned => ContextTrust::Pinned,
            CertificatePin::No if head.has_ca => ContextTrust::Ca,
            CertificatePin::No => ContextTrust::System,
        },
        proxy: head.proxy,
        acts_as: head.acts_as.map(|as_whom| as_whom.user),
        name: head.name,
    }
}

fn plugin(
    shown: cluster::kubeconfig::PluginPreview,
    context: &str,
    register: &Register,
) -> PluginView {
    let path = shown.path.map(|path| path.to_string_lossy().into_owned());
    let mut of_context = register.plugins.iter().filter(|((of, _), _)| of == context);
    let known = of_context.clone().next().is_some();
    let allowed = of_context.any(|((_, at), sha256)| {
        Some(at) == path.as_ref() && Some(sha256) == shown.sha256.as_ref()
    }) && !shown
        .concerns
        .contains(&cluster::kubeconfig::PluginConcern::Exposed);
    PluginView {
        allowed,
        changed: known && !allowed,
        words: shown.words,
        environment: shown.environment,
        path,
        sha256: shown.sha256,
        concerns: shown.concerns.into_iter().map(concern).collect(),
    }
}

fn concern(concern: cluster::kubeconfig::PluginConcern) -> PluginConcern {
    use cluster::kubeconfig::PluginConcern as Found;
    match concern {
        Found::Shell => PluginConcern::Shell,
        Found::Interpreter => PluginConcern::Interpreter,
        Found::LoaderVariable => PluginConcern::LoaderVariable,
        Found::PlainHttp => PluginConcern::PlainHttp,
        Found::RelativePath => PluginConcern::RelativePath,
        Found::NotFound => PluginConcern::NotFound,
        Found::WritableByGroup => PluginConcern::WritableByGroup,
        Found::Exposed => PluginConcern::Exposed,
        Found::LegacyAuthProvider => PluginConcern::LegacyAuthProvider,
    }
}

/// Why a context cannot be imported.
pub fn context_refusal(refusal: cluster::kubeconfig::Refusal) -> ContextRefusal {
    use cluster::kubeconfig::Refusal as Found;
    match refusal {
        Found::InsecureWithCa => ContextRefusal::InsecureWithCa,
        Found::NotHttps => ContextRefusal::NotHttps,
        Found::MissingCluster => ContextRefusal::MissingCluster,
        Found::MissingUser => ContextRefusal::MissingUser,
        Found::BadCertificate => ContextRefusal::BadCertificate,
        Found::KeyMismatch => ContextRefusal::KeyMismatch,
        Found::DuplicateName => ContextRefusal::DuplicateName,
        Found::Unprintable => ContextRefusal::Unprintable,
        Found::BadProxy => ContextRefusal::BadProxy,
        Found::HalfImpersonation => ContextRefusal::HalfImpersonation,
        Found::SeveralCredentials => ContextRefusal::SeveralCredentials,
        Found::HalfCredential => ContextRefusal::HalfCredential,
        Found::AuthProvider => ContextRefusal::AuthProvider,
        Found::PluginVersion => ContextRefusal::PluginVersion,
        Found::PluginInteractive => ContextRefusal::PluginInteractive,
        Found::PluginEntry => ContextRefusal::PluginEntry,
    }
}

fn acts_as(as_whom: ActsAs) -> ActsAsView {
    let extra = as_whom.extra.iter();
    ActsAsView {
        extra: extra
            .flat_map(|(key, values)| values.iter().map(move |value| format!("{key}={value}")))
            .collect(),
        user: as_whom.user,
        uid: as_whom.uid,
        groups: as_whom.groups,
    }
}

fn credential_concern(
    concern: cluster::kubeconfig::CredentialConcern,
) -> Option<CredentialConcernView> {
    use cluster::kubeconfig::{Concern, ConcernOf};
    let (what, when) = match (concern.of, concern.what) {
        (ConcernOf::Ca, Concern::Expired(end)) => (CredentialConcern::CaExpired, Some(end)),
        (ConcernOf::Ca, Concern::NotYetValid(begin)) => {
            (CredentialConcern::CaNotYetValid, Some(begin))
        }
        (ConcernOf::Certificate, Concern::Expired(end)) => {
            (CredentialConcern::CertificateExpired, Some(end))
        }
        (ConcernOf::Certificate, Concern::NotYetValid(begin)) => {
            (CredentialConcern::CertificateNotYetValid, Some(begin))
        }
        (ConcernOf::Certificate, Concern::NotForClients) => {
            (CredentialConcern::NotForClients, None)
        }
        (ConcernOf::Token, Concern::Expired(end)) => (CredentialConcern::TokenExpired, Some(end)),
        // A token has no beginning and no usage, a CA none that counts here.
        (ConcernOf::Token, _) | (ConcernOf::Ca, Concern::NotForClients) => return None,
    };
    Some(CredentialConcernView {
        what,
        at: when.map(at),
    })
}

fn repeated(repeated: cluster::kubeconfig::Repeated) -> ImportWarning {
    use cluster::kubeconfig::Entry;
    ImportWarning {
        entry: match repeated.entry {
            Entry::Context => KubeconfigEntry::Context,
            Entry::Cluster => KubeconfigEntry::Cluster,
            Entry::User => KubeconfigEntry::User,
        },
        name: repeated.name,
        times: u32::try_from(repeated.times).unwrap_or(u32::MAX),
    }
}

/// What a kubeconfig holds, with what the keychain and the ledger know of it.
pub async fn import_preview(
    desk: &Desk,
    preview: cluster::kubeconfig::Preview,
) -> Result<ImportPreview, Failure> {
    let known = desk.vault.contexts().await.unwrap_or_default();
    // Storing a context takes back what was allowed for one of its name: its words may be others.
    let nothing_allowed = Register::default();
    let context = |shown: cluster::kubeconfig::ContextPreview| ContextPreview {
        stored: known.iter().any(|head| head.name == shown.name),
        plugin: shown
            .plugin
            .map(|found| plugin(found, &shown.name, &nothing_allowed)),
        server: shown.server,
        ca: shown.ca_sha256.map(|ca| hex_with_colons(&ca)),
        user: shown.user,
        credential: credential(shown.credential),
        files: shown.files,
        refused: shown.refused.map(context_refusal),
        trust: match shown.trust {
            TrustPreview::Ca => ContextTrust::Ca,
            TrustPreview::System => ContextTrust::System,
            TrustPreview::ToPin => ContextTrust::ToPin,
        },
        proxy: shown.proxy.map(|proxy| ProxyView {
            scheme: proxy.scheme,
            host: proxy.host,
            port: proxy.port,
            user: proxy.user,
            has_password: proxy.has_password,
        }),
        acts_as: shown.acts_as.map(acts_as),
        credential_concerns: shown
            .concerns
            .into_iter()
            .filter_map(credential_concern)
            .collect(),
        name: shown.name,
    };
    Ok(ImportPreview {
        contexts: preview.contexts.into_iter().map(context).collect(),
        warnings: preview.warnings.into_iter().map(repeated).collect(),
    })
}
