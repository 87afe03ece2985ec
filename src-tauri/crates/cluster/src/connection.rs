//! The connection of one context: built from what the context holds and nothing else.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Permission;
use engine::ports::{AllowedCommand, ClusterFailure, Context};
use http::{Method, StatusCode};
use serde_json::Value;

use crate::failure;
use crate::limits::Limits;
use crate::login::{LoggedIn, Login};
use crate::printable::scrub;
use crate::trust::Trust;
use crate::wire::{self, Answer, Ask, NoAnswer};

/// A context's way to its cluster.
pub(crate) struct Connection {
    login: Login,
    pub(crate) limits: Limits,
}

impl Connection {
    /// Judges the context; connects nowhere and runs nothing.
    pub async fn new(
        context: Context,
        allowed: Vec<AllowedCommand>,
        limits: Limits,
    ) -> Result<Self, ClusterFailure> {
        let trust = Trust::of(&context)?;
        let url = url::Url::parse(&context.server)
            .ok()
            .filter(|url| url.scheme() == "https" && url.host_str().is_some());
        if url.is_none() {
            return Err(ClusterFailure::Untrusted(
                "the context's server is no https URL".to_owned(),
            ));
        }
        // Fails when one is installed already, which then is the one to use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let login = Login::new(context, allowed, trust, limits.clone());
        login.check().await?;
        Ok(Connection { login, limits })
    }

    pub fn context(&self) -> &Context {
        self.login.context()
    }

    /// What vouches for the server.
    pub fn trust(&self) -> &Trust {
        self.login.trust()
    }

    /// Whose key signed the server's certificate, where the system's roots vouch for it.
    pub fn issuer(&self) -> Option<String> {
        self.login.issuer()
    }

    /// When the credential in use ends, if that can be told.
    pub fn credential_ends(&self) -> Option<DateTime<Utc>> {
        self.login.ends()
    }

    /// What a 401 means: a credential that has ended by what it says itself is known to need a new
    /// login, whereas an API server that has just started lets nobody in for a while.
    pub fn refusal(&self) -> ClusterFailure {
        match self.credential_ends() {
            Some(end) if end <= Utc::now() => ClusterFailure::CredentialExpired(end),
            _ => ClusterFailure::CredentialRefused,
        }
    }

    /// A client with a credential that is still good.
    pub async fn client(&self) -> Result<LoggedIn, ClusterFailure> {
        self.login.client().await
    }

    /// The server refused this client's credential. Says whether trying again can help.
    pub async fn refused(&self, used: &LoggedIn) -> bool {
        self.login.refused(used).await
    }

    /// Sends a request that changes something, once.
    pub async fn mutate(&self, mut ask: Ask) -> Result<Answer, NoAnswer> {
        ask.timeout = self.limits.mutation;
        ask.most = self.limits.answer_bytes;
        let login = self.client().await.map_err(NoAnswer::NotSent)?;
        let answer = wire::exchange(&login.client, &ask).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // For the next one: this one is never sent twice.
            self.refused(&login).await;
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
            let login = self.client().await?;
            let outcome = wire::exchange(&login.client, &ask).await;
            let last = attempt >= self.limits.read_attempts;
            let wait = match outcome {
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED && !logged_in_again => {
                    logged_in_again = true;
                    if !self.refused(&login).await {
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
            return Err(match failure::of_answer(&answer, permission) {
                ClusterFailure::CredentialRefused => self.refusal(),
                failure => failure,
            });
        }
        match answer.json() {
            Some(value) => Ok((value, answer)),
            None => Err(ClusterFailure::Unreadable("no JSON".to_owned())),
        }
    }
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
