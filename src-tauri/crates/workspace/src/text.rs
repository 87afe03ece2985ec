use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Words of a workspace: one text for both languages, or one for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawText {
    pub zh: String,
    pub en: String,
}

impl From<RawText> for domain::Text {
    fn from(text: RawText) -> Self {
        domain::Text {
            zh: text.zh,
            en: text.en,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    zh: String,
    en: String,
}

impl<'de> Deserialize<'de> for RawText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl<'de> Visitor<'de> for Words {
            type Value = RawText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a text in each language: {zh: …, en: …}")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RawText, E> {
                Ok(RawText {
                    zh: text.to_owned(),
                    en: text.to_owned(),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawText, A::Error> {
                let both = Both::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawText {
                    zh: both.zh,
                    en: both.en,
                })
            }
        }

        deserializer.deserialize_any(Words)
    }
}

impl JsonSchema for RawText {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Words: one text for both languages, or one for each.",
            "oneOf": [
                { "type": "string", "minLength": 1 },
                {
                    "type": "object",
                    "properties": {
                        "zh": { "type": "string", "minLength": 1, "description": "Simplified Chinese." },
                        "en": { "type": "string", "minLength": 1, "description": "English." },
                    },
                    "required": ["zh", "en"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
