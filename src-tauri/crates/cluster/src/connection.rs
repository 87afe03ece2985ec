//! The connection of one context: built from what the context holds and nothing else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::Permission;
use engine::ports::{ClusterFailure, Context, Credential};
use http::{Method, StatusCode};
use kube::Client;
use kube::config::AuthInfo;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::limits::Limits;
use crate::printable::scrub;
use crate::wire::{self, Answer, Ask, NoAnswer};
use crate::{failure, pem, plugin};

/// A context's way to its cluster.
pub(crate) struct Connection {
    context: Context,
    allowed_plugin: Option<String>,
    ca: Vec<Vec<u8>>,
    pub(crate) limits: Limits,
    live: Mutex<Option<Live>>,
}

struct Live {
    client: Client,
    expires_at: Option<DateTime<Utc>>,
}

impl Connection {
    /// Judges the context; connects nowhere and runs nothing.
    pub fn new(
        context: Context,
        allowed_plugin: Option<String>,
        limits: Limits,
    ) -> Result<Self, ClusterFailure> {
        let ca = pem::certificates(&context.ca_pem).ok_or_else(|| {
            ClusterFailure::Untrusted("the context has no readable CA".to_owned())
        })?;
        let url = url::Url::parse(&context.server)
            .ok()
            .filter(|url| url.scheme() == "https" && url.host_str().is_some());
        if url.is_none() {
            return Err(ClusterFailure::Untrusted(
                "the context's server is no https URL".to_owned(),
            ));
        }
        if let Credential::Plugin(plugin) = &context.credential {
            plugin::allowed_path(plugin, allowed_plugin.as_deref())?;
        }
        // Fails when one is installed already, which then is the one to use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Connection {
            context,
            allowed_plugin,
            ca,
            limits,
            live: Mutex::new(None),
        })
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// A client with a credential that is still good. kube's clients are cheap to clone.
    pub async fn client(&self) -> Result<Client, ClusterFailure> {
        let mut live = self.live.lock().await;
        if let Some(known) = live.as_ref().filter(|known| !self.ends(known.expires_at)) {
            return Ok(known.client.clone());
        }
        let (auth, expires_at) = self.login().await?;
        let client = Client::try_from(self.config(auth)?).map_err(|_| {
            ClusterFailure::Unreadable("the context's credential cannot be used".to_owned())
        })?;
        *live = Some(Live {
            client: client.clone(),
            expires_at,
        });
        Ok(client)
    }

    /// Makes the next request log in again.
    pub async fn forget_credential(&self) {
        if matches!(self.context.credential, Credential::Plugin(_)) {
            *self.live.lock().await = None;
        }
    }

    fn ends(&self, expires_at: Option<DateTime<Utc>>) -> bool {
        let margin = chrono::Duration::from_std(self.limits.credential_margin).unwrap_or_default();
        expires_at.is_some_and(|end| Utc::now() + margin >= end)
    }

    async fn login(&self) -> Result<(AuthInfo, Option<DateTime<Utc>>), ClusterFailure> {
        let mut auth = AuthInfo::default();
        let mut expires_at = None;
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
                let issued = plugin::run(
                    command,
                    &self.context,
                    self.allowed_plugin.as_deref(),
                    &self.limits,
                )
                .await?;
                auth.token = issued.token;
                expires_at = issued.expires_at;
                if let Some((certificate, key)) = &issued.certificate {
                    certify(&mut auth, certificate, key);
                }
            }
        }
        Ok((auth, expires_at))
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

    /// Sends a request that changes something, once.
    pub async fn mutate(&self, mut ask: Ask) -> Result<Answer, NoAnswer> {
        ask.timeout = self.limits.mutation;
        ask.most = self.limits.answer_bytes;
        let client = self.client().await.map_err(NoAnswer::NotSent)?;
        let answer = wire::exchange(&client, &ask).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            self.forget_credential().await;
        }
        Ok(answer)
    }

    /// Sends a request that changes nothing, again while the server is busy or the connection breaks.
    /// `Retry-After` is honoured up to a bound of ours (kube has none, facts 2.1).
    pub async fn ask(&self, ask: Ask) -> Result<Answer, ClusterFailure> {
        let mut pause = self.limits.read_pause;
        let mut logged_in_again = false;
        let mut attempt = 1;
        loop {
            let client = self.client().await?;
            let outcome = wire::exchange(&client, &ask).await;
            let last = attempt >= self.limits.read_attempts;
            let wait = match outcome {
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED && !logged_in_again => {
                    logged_in_again = true;
                    self.forget_credential().await;
                    if !matches!(self.context.credential, Credential::Plugin(_)) {
                        return Ok(answer);
                    }
                    Duration::ZERO
                }
                Ok(answer) if is_busy(answer.status) && !last => {
                    answer.retry_after.unwrap_or(pause)
                }
                Ok(answer) => return Ok(answer),
                // Trust does not come by trying again, and a timeout has taken its time already.
                Err(NoAnswer::Lost(why)) if !last && !why.starts_with("no answer within") => {
                    tracing::debug!(why, "a read is sent again");
                    pause
                }
                Err(no) => return Err(no.into()),
            };
            tokio::time::sleep(wait.min(self.limits.read_pause_most)).await;
            pause *= 2;
            attempt += 1;
        }
    }

    /// A request without a body that changes nothing.
    pub fn get(&self, uri: String) -> Ask {
        self.read(Method::GET, uri, None, None)
    }

    /// A request that changes nothing although it has a body: reviews and dry runs.
    pub fn read(
        &self,
        method: Method,
        uri: String,
        content_type: Option<&'static str>,
        body: Option<&Value>,
    ) -> Ask {
        Ask {
            method,
            uri,
            content_type,
            body: body.map(|body| body.to_string().into_bytes()),
            timeout: self.limits.read,
            most: self.limits.answer_bytes,
        }
    }

    /// Asks for JSON; anything but 200 or 201 is a failure.
    pub async fn json(
        &self,
        ask: Ask,
        permission: &Permission,
    ) -> Result<(Value, Answer), ClusterFailure> {
        let answer = self.ask(ask).await?;
        if !answer.status.is_success() {
            return Err(failure::of_answer(&answer, permission));
        }
        match answer.json() {
            Some(value) => Ok((value, answer)),
            None => Err(ClusterFailure::Unreadable("no JSON".to_owned())),
        }
    }
}

fn certify(auth: &mut AuthInfo, certificate_pem: &str, key_pem: &SecretString) {
    auth.client_certificate_data = Some(STANDARD.encode(certificate_pem));
    auth.client_key_data = Some(SecretString::from(STANDARD.encode(key_pem.expose_secret())));
}

fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// A permission as a failure names it.
pub(crate) fn permission(verb: &str, group: &str, resource: &str, namespace: &str) -> Permission {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Permission {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: scrub(resource),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
    }
}
