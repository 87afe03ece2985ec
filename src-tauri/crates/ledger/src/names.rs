use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use domain::EnvironmentId;
use engine::ports::{LedgerFailure, Record};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What a record is called and where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The event's name, as its `type` says (`gateOpened`).
    pub verb: String,
    /// The environment it is about, if it is about one.
    pub environment: Option<EnvironmentId>,
}

/// Verb and environment of a record, taken from its JSON so that a new event needs no code here.
/// Fails only for a record that cannot be written as JSON.
pub fn names(record: &Record) -> Result<Names, LedgerFailure> {
    let text = serde_json::to_string(record).map_err(unnamed)?;
    names_in(&text)
}

/// The same from the record's text.
pub(crate) fn names_in(record: &str) -> Result<Names, LedgerFailure> {
    let head = head_of(record)?;
    Ok(Names {
        verb: head.verb.into_owned(),
        environment: head.environment.map(|e| EnvironmentId::new(e.into_owned())),
    })
}

/// The same, as it stands in the text.
pub(crate) fn head_of(record: &str) -> Result<Head<'_>, LedgerFailure> {
    let Tagged(head) = serde_json::from_str(record).map_err(unnamed)?;
    Ok(head)
}

fn unnamed(error: serde_json::Error) -> LedgerFailure {
    LedgerFailure::Damaged(format!("a record without a name: {error}"))
}

/// The one value of a record, whatever kind of stream it is for.
struct Tagged<'a>(Head<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Tagged<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneKey(PhantomData))
    }
}

struct OneKey<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for OneKey<'a> {
    type Value = Tagged<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record under the kind of its stream")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let missing = || Error::custom("an empty record");
        map.next_key::<IgnoredAny>()?.ok_or_else(missing)?;
        let head = map.next_value()?;
        match map.next_key::<IgnoredAny>()? {
            None => Ok(Tagged(head)),
            Some(_) => Err(Error::custom("a record of two kinds")),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Head<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) verb: Cow<'a, str>,
    #[serde(default, borrow)]
    pub(crate) environment: Option<Cow<'a, str>>,
}
