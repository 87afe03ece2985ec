//! Items that an address answers. Only hosts that the file names are ever asked.

use std::collections::BTreeSet;

use domain::{HttpProbe, ItemKind, Phase};
use url::Url;

use super::{FILE, Unique};
use crate::located::Located;
use crate::raw::{RawHttp, RawItem};
use crate::{Expectation, Thing, WorkspaceFailure};

/// A healthy answer where nothing else is said.
const OK: u16 = 200;
/// Characters of a text to look for.
const TEXT_MOST: u32 = 200;

/// Hosts that may be asked.
pub(super) struct Hosts(BTreeSet<String>);

impl Hosts {
    pub fn check(raw: &[Located<String>]) -> Result<Hosts, WorkspaceFailure> {
        let mut seen = Unique::default();
        let mut hosts = BTreeSet::new();
        for host in raw {
            // A name that is compared has one spelling: the one that an address has after reading.
            let address = Url::parse(&format!("http://{}/", host.value)).ok();
            let same = address.is_some_and(|url| url.host_str() == Some(host.value.as_str()));
            if !same || host.value.ends_with('.') {
                return Err(host.expects(FILE, Expectation::ProbeHostName));
            }
            seen.take(Thing::Host, host.value.clone(), host.place(FILE))?;
            hosts.insert(host.value.clone());
        }
        Ok(Hosts(hosts))
    }

    /// What an item asks; none for an item of another kind.
    pub fn probe(&self, item: &RawItem) -> Result<Option<HttpProbe>, WorkspaceFailure> {
        let kind = ItemKind::from(item.kind.value);
        match (&item.http, kind) {
            (None, ItemKind::Http) => Err(item.kind.expects(
                FILE,
                Expectation::Field {
                    field: "http".to_owned(),
                },
            )),
            (None, _) => Ok(None),
            (Some(_), ItemKind::Http) if Phase::from(item.phase) != Phase::Post => {
                Err(item.kind.expects(FILE, Expectation::ProbePhase))
            }
            (Some(http), ItemKind::Http) => self.http(&http.value).map(Some),
            (Some(http), _) => Err(http.expects(FILE, Expectation::ProbeKind)),
        }
    }

    fn http(&self, raw: &RawHttp) -> Result<HttpProbe, WorkspaceFailure> {
        let url = address(&raw.url)?;
        let host = url.host_str().unwrap_or_default();
        if !self.0.contains(host) {
            return Err(raw.url.expects(
                FILE,
                Expectation::ProbeHost {
                    host: host.to_owned(),
                },
            ));
        }
        let status = raw.status.as_ref();
        if let Some(status) = status.filter(|status| !(100..=599).contains(&status.value)) {
            return Err(status.expects(FILE, Expectation::Range { from: 100, to: 599 }));
        }
        if let Some(text) = &raw.contains {
            super::line(text)?;
            if text.value.chars().count() > TEXT_MOST as usize {
                return Err(text.expects(FILE, Expectation::Characters { most: TEXT_MOST }));
            }
        }
        Ok(HttpProbe {
            url: url.into(),
            status: status.map_or(OK, |status| status.value),
            contains: raw.contains.as_ref().map(|text| text.value.clone()),
        })
    }
}

/// An address that can be shown as it is: with credentials in it, it could not.
fn address(raw: &Located<String>) -> Result<Url, WorkspaceFailure> {
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    };
    let hidden = raw.value.contains(char::is_whitespace) || raw.value.contains('@');
    let url = Url::parse(&raw.value).ok().filter(plain);
    url.filter(|_| !hidden)
        .ok_or_else(|| raw.expects(FILE, Expectation::ProbeUrl))
}
