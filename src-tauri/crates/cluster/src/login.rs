//! A context's credential as a client: made when it is needed, made anew before it ends, after a
//! refusal, and when the command that gave it is another one by now. It lives in memory only.

use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use chrono::{DateTime, Utc};
use engine::ports::{AllowedCommand, ClusterFailure, Context, Credential, PluginProblem, Proxy};
use kube::Client;
use kube::config::AuthInfo;
use rustls::crypto::CryptoProvider;
use tokio::sync::Mutex;

use crate::limits::Limits;
use crate::plugin::{self, Watched};
use crate::printable::scrub;
use crate::trust::{Issuer, Trust};
use crate::wiring::{Pair, Wiring};

/// Logs in with a context.
pub(crate) struct Login {
    context: Context,
    /// Commands that were allowed for this context.
    allowed: Vec<AllowedCommand>,
    trust: Trust,
    issuer: Issuer,
    provider: Arc<CryptoProvider>,
    limits: Limits,
    newest: Mutex<Newest>,
    /// When the newest credential ends. Apart from `newest`, which is held while a command runs.
    ends: StdMutex<Option<DateTime<Utc>>>,
}

/// A client that is logged in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LoggedIn {
    pub client: Client,
    serial: u64,
}

#[derive(Default)]
struct Newest {
    serial: u64,
    attempt: Option<Attempt>,
}

struct Attempt {
    outcome: Result<LoggedIn, ClusterFailure>,
    /// Until when it counts; none for as long as the program runs.
    until: Option<DateTime<Utc>>,
    program: Option<Watched>,
}

impl Attempt {
    fn counts(&self) -> bool {
        self.until.is_none_or(|until| Utc::now() < until)
            && self.program.as_ref().is_none_or(Watched::is_same)
    }
}

impl Login {
    pub fn new(
        context: Context,
        allowed: Vec<AllowedCommand>,
        trust: Trust,
        limits: Limits,
    ) -> Login {
        Login {
            ends: StdMutex::new(context.credential.ends_at()),
            context,
            allowed,
            trust,
            issuer: Issuer::default(),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            limits,
            newest: Mutex::default(),
        }
    }

    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    pub fn issuer(&self) -> Option<String> {
        self.issuer.sha256()
    }

    pub fn ends(&self) -> Option<DateTime<Utc>> {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether the credential may be used: a command has to be one that was allowed. Runs nothing.
    pub async fn check(&self) -> Result<(), ClusterFailure> {
        match &self.context.credential {
            Credential::Plugin(plugin) => plugin::check(plugin, &self.allowed).await.map(drop),
            _ => Ok(()),
        }
    }

    /// A client whose credential is still good. Whoever asks meanwhile waits for the same command
    /// instead of running it as well; one that failed is not run again at once.
    pub async fn client(&self) -> Result<LoggedIn, ClusterFailure> {
        let mut newest = self.newest.lock().await;
        if let Some(attempt) = newest.attempt.as_ref().filter(|attempt| attempt.counts()) {
            return attempt.outcome.clone();
        }
        newest.serial += 1;
        // Forgotten first: if the wait for the command is given up, nothing old must count.
        newest.attempt = None;
        let attempt = self.attempt(newest.serial).await;
        newest.attempt.insert(attempt).outcome.clone()
    }

    /// The server refused this credential. Says whether trying again can help: only a command gives
    /// another one. A credential that has been replaced meanwhile is left alone.
    pub async fn refused(&self, used: &LoggedIn) -> bool {
        if !matches!(self.context.credential, Credential::Plugin(_)) {
            return false;
        }
        let mut newest = self.newest.lock().await;
        if newest.serial == used.serial {
            newest.attempt = None;
        }
        true
    }

    async fn attempt(&self, serial: u64) -> Attempt {
        let mut auth = AuthInfo::default();
        let (mut until, mut program, mut certificate) = (None, None, None);
        match &self.context.credential {
            Credential::Anonymous => {}
            Credential::Token(token) => auth.token = Some(token.clone()),
            Credential::Basic { user, password } => {
                auth.username = Some(user.clone());
                auth.password = Some(password.clone());
            }
            Credential::Certificate {
                certificate_pem,
                key_pem,
            } => certificate = Some((certificate_pem.clone(), key_pem.clone())),
            Credential::CertificateAndToken {
                certificate_pem,
                key_pem,
                token,
            } => {
                certificate = Some((certificate_pem.clone(), key_pem.clone()));
                auth.token = Some(token.clone());
            }
            Credential::Plugin(command) => {
                let run = plugin::run(command, &self.context, &self.allowed, &self.limits).await;
                match run {
                    Ok(run) => {
                        until = run.issued.expires_at.map(|end| self.renewed_at(end));
                        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) =
                            run.issued.expires_at;
                        program = Some(run.program);
                        auth.token = run.issued.token;
                        certificate = run.issued.certificate;
                    }
                    Err(failure) => {
                        return Attempt {
                            outcome: Err(failure),
                            until: Some(after(Utc::now(), self.limits.plugin_pause)),
                            program: None,
                        };
                    }
                }
            }
        }
        self.impersonate(&mut auth);
        let client = self
            .config(auth)
            .and_then(|config| self.wire(config, certificate.as_ref()));
        Attempt {
            outcome: client.map(|client| LoggedIn { client, serial }),
            until,
            program,
        }
    }

    /// Some time before the end, but never so early that a short-lived credential would be made
    /// anew for every request.
    fn renewed_at(&self, end: DateTime<Utc>) -> DateTime<Utc> {
        let lifetime = end - Utc::now();
        let margin = chrono::Duration::from_std(self.limits.credential_margin).unwrap_or_default();
        end - margin.min(lifetime / 4)
    }

    fn unusable(&self) -> ClusterFailure {
        match &self.context.credential {
            Credential::Plugin(plugin) => ClusterFailure::PluginFailed {
                path: scrub(&plugin.command),
                problem: PluginProblem::BadCertificate,
            },
            _ => ClusterFailure::Unreadable("the context's credential cannot be used".to_owned()),
        }
    }

    /// As whom the API server is asked to act; sent with every request.
    fn impersonate(&self, auth: &mut AuthInfo) {
        let Some(as_whom) = &self.context.route.acts_as else {
            return;
        };
        auth.impersonate = Some(as_whom.user.clone());
        auth.impersonate_uid = as_whom.uid.clone();
        auth.impersonate_groups = Some(as_whom.groups.clone());
        auth.impersonate_user_extra = Some(as_whom.extra.iter().cloned().collect());
    }

    fn wire(
        &self,
        config: kube::Config,
        certificate: Option<&Pair>,
    ) -> Result<Client, ClusterFailure> {
        let untrusted = |error: rustls::Error| ClusterFailure::Untrusted(scrub(&error.to_string()));
        let route = &self.context.route;
        let by_tls = |proxy: &Proxy| proxy.url.starts_with("https:");
        let proxy_verifier = match &route.proxy {
            Some(proxy) if by_tls(proxy) => Some(
                self.trust
                    .proxy_verifier(&self.provider)
                    .map_err(untrusted)?,
            ),
            _ => None,
        };
        let wiring = Wiring {
            verifier: self
                .trust
                .verifier(&self.provider, &self.issuer)
                .map_err(untrusted)?,
            proxy_verifier,
            certificate,
            server_name: self.context.tls_server_name.as_deref(),
            proxy: route.proxy.as_ref(),
            provider: self.provider.clone(),
            config,
        };
        wiring.client().map_err(|_| self.unusable())
    }

    /// Every field said here, none from the environment; never formatted, it holds the credential.
    fn config(&self, auth: AuthInfo) -> Result<kube::Config, ClusterFailure> {
        let url = crate::identity::server(&self.context.server)
            .ok_or_else(|| ClusterFailure::Unreachable("no usable URL".to_owned()))?;
        let mut config = kube::Config::new(url);
        config.connect_timeout = Some(self.limits.connect);
        // A watch is silent for as long as its own bound; anything longer is a dead connection.
        config.read_timeout = Some(self.limits.watch + self.limits.read);
        config.reset_reader_on_write = true;
        config.write_timeout = Some(self.limits.read);
        config.auth_info = auth;
        Ok(config)
    }
}

fn after(now: DateTime<Utc>, pause: std::time::Duration) -> DateTime<Utc> {
    now + chrono::Duration::from_std(pause).unwrap_or_default()
}
