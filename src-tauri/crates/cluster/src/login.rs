//! A context's credential as a client: made when it is needed, made anew before it ends, after a
//! refusal, and when the command that gave it is another one by now. It lives in memory only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use engine::ports::{AllowedCommand, ClusterFailure, Context, Credential, PluginProblem};
use kube::Client;
use kube::config::AuthInfo;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::limits::Limits;
use crate::plugin::{self, Issued, Watched};

/// Logs in with a context.
pub(crate) struct Login {
    context: Context,
    /// Commands that were allowed for this context.
    allowed: Vec<AllowedCommand>,
    ca: Vec<Vec<u8>>,
    limits: Limits,
    newest: Mutex<Newest>,
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
        ca: Vec<Vec<u8>>,
        limits: Limits,
    ) -> Login {
        Login {
            context,
            allowed,
            ca,
            limits,
            newest: Mutex::default(),
        }
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
        let (mut until, mut program) = (None, None);
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
            } => certify(&mut auth, certificate_pem, key_pem),
            Credential::Plugin(command) => {
                let run = plugin::run(command, &self.context, &self.allowed, &self.limits).await;
                match run {
                    Ok(run) => {
                        until = run.issued.expires_at.map(|end| self.renewed_at(end));
                        program = Some(run.program);
                        present(&mut auth, run.issued);
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
        let client = self
            .config(auth)
            .and_then(|config| Client::try_from(config).map_err(|_| self.unusable()));
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
                path: crate::printable::scrub(&plugin.command),
                problem: PluginProblem::BadCertificate,
            },
            _ => ClusterFailure::Unreadable("the context's credential cannot be used".to_owned()),
        }
    }

    /// Every field said here, none from the environment; never formatted, it holds the credential.
    fn config(&self, auth: AuthInfo) -> Result<kube::Config, ClusterFailure> {
        let url = self
            .context
            .server
            .parse()
            .map_err(|_| ClusterFailure::Unreachable("no usable URL".to_owned()))?;
        let mut config = kube::Config::new(url);
        config.root_cert = Some(self.ca.clone());
        config.connect_timeout = Some(self.limits.connect);
        // A watch is silent for as long as its own bound; anything longer is a dead connection.
        config.read_timeout = Some(self.limits.watch + self.limits.read);
        config.reset_reader_on_write = true;
        config.write_timeout = Some(self.limits.read);
        config.accept_invalid_certs = false;
        config.tls_server_name = self.context.tls_server_name.clone();
        config.proxy_url = None;
        config.default_retry = false;
        config.auth_info = auth;
        Ok(config)
    }
}

fn after(now: DateTime<Utc>, pause: std::time::Duration) -> DateTime<Utc> {
    now + chrono::Duration::from_std(pause).unwrap_or_default()
}

fn present(auth: &mut AuthInfo, issued: Issued) {
    auth.token = issued.token;
    if let Some((certificate, key)) = &issued.certificate {
        certify(auth, certificate, key);
    }
}

fn certify(auth: &mut AuthInfo, certificate_pem: &str, key_pem: &SecretString) {
    auth.client_certificate_data = Some(STANDARD.encode(certificate_pem));
    auth.client_key_data = Some(SecretString::from(STANDARD.encode(key_pem.expose_secret())));
}
