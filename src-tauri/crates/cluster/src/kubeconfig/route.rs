//! Proxy and impersonation of a context.

use engine::ports::{ActsAs, Proxy};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::Refusal;
use super::file::User;
use super::value::{filled, hidden};
use crate::printable::scrub;

/// A proxy as it is shown: in parts, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyPreview {
    /// `http`, `https` or `socks5`.
    pub scheme: String,
    /// Host, printable.
    pub host: String,
    /// Port, if it is written.
    pub port: Option<u16>,
    /// The user that logs in at the proxy.
    pub user: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
}

/// Reads a `proxy-url`. client-go takes these three schemes.
pub(super) fn proxy(written: &str) -> Result<Proxy, Refusal> {
    let url = parsed(written)?;
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, password) => {
            let user = plain(user)?;
            let password = SecretString::from(plain(password.unwrap_or_default())?);
            Some((user, password))
        }
    };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    Ok(Proxy {
        url: format!("{}://{host}{}", url.scheme(), port.unwrap_or_default()),
        login,
    })
}

/// What is shown of it; none when it is unusable.
pub(super) fn shown(written: &str) -> Option<ProxyPreview> {
    let url = parsed(written).ok()?;
    let user = Some(url.username()).filter(|user| !user.is_empty());
    Some(ProxyPreview {
        scheme: url.scheme().to_owned(),
        host: scrub(url.host_str().unwrap_or_default()),
        port: url.port(),
        user: user
            .and_then(|user| plain(user).ok())
            .map(|user| scrub(&user)),
        has_password: url.password().is_some(),
    })
}

fn parsed(written: &str) -> Result<url::Url, Refusal> {
    if hidden([written]) || written.contains(char::is_whitespace) {
        return Err(Refusal::Unprintable);
    }
    let url = url::Url::parse(written).map_err(|_| Refusal::BadProxy)?;
    let usable = matches!(url.scheme(), "http" | "https" | "socks5")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    usable.then_some(url).ok_or(Refusal::BadProxy)
}

fn plain(encoded: &str) -> Result<String, Refusal> {
    let text = percent_decode_str(encoded)
        .decode_utf8()
        .map_err(|_| Refusal::BadProxy)?;
    if hidden([text.as_ref()]) {
        return Err(Refusal::Unprintable);
    }
    Ok(text.into_owned())
}

/// As whom a user entry acts. UID, groups and claims without a user are refused, as by kubectl.
pub(super) fn acts_as(user: &User) -> Result<Option<ActsAs>, Refusal> {
    let groups = user.as_groups.clone().unwrap_or_default();
    let extra: Vec<(String, Vec<String>)> = user
        .as_user_extra
        .clone()
        .unwrap_or_default()
        .into_iter()
        .collect();
    let uid = filled(&user.as_uid).map(str::to_owned);
    let Some(name) = filled(&user.impersonate) else {
        let alone = uid.is_some() || !groups.is_empty() || !extra.is_empty();
        return if alone {
            Err(Refusal::HalfImpersonation)
        } else {
            Ok(None)
        };
    };
    // They become headers.
    let fits =
        |text: &str| !hidden([text]) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let claims = extra
        .iter()
        .flat_map(|(key, values)| std::iter::once(key).chain(values));
    let all_fit = claims.chain(&groups).chain(&uid).all(|text| fits(text)) && fits(name);
    if !all_fit {
        return Err(Refusal::Unprintable);
    }
    Ok(Some(ActsAs {
        user: name.to_owned(),
        uid,
        groups,
        extra,
    }))
}
