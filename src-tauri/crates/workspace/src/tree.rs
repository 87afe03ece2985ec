use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use crate::located::Located;

/// Any YAML with the place of every value in it.
pub(crate) type Tree = Located<Node>;

/// One value of a [`Tree`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Node {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Located<Node> {
    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match &self.value {
            Node::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value down a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, path: &[&str]) -> Option<&mut Tree> {
        path.iter()
            .try_fold(self, |tree, key| match &mut tree.value {
                Node::Map(entries) => entries
                    .iter_mut()
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value),
                _ => None,
            })
    }

    /// Takes an entry out of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Tree> {
        let Node::Map(entries) = &mut self.value else {
            return None;
        };
        let index = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(index).1)
    }

    /// Adds a text to a mapping that has no such entry.
    pub fn insert_if_absent(&mut self, key: &str, text: &str) {
        let (line, column) = (self.line, self.column);
        if let Node::Map(entries) = &mut self.value
            && !entries.iter().any(|(name, _)| name == key)
        {
            let value = Node::Text(text.to_owned());
            let value = Located {
                value,
                line,
                column,
            };
            entries.push((key.to_owned(), value));
        }
    }

    /// Whether nothing is written there (`key:`, `null`, `~`).
    pub fn is_null(&self) -> bool {
        self.value == Node::Null
    }

    /// The text of a scalar that is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; none of anything else.
    pub fn items(&self) -> &[Tree] {
        match &self.value {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; none of anything else.
    pub fn entries(&self) -> &[(String, Tree)] {
        match &self.value {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The same as JSON, keys in the order they are written.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(value) => Value::Number(value.clone()),
            Node::Text(value) => Value::String(value.clone()),
            Node::List(items) => Value::Array(items.iter().map(Tree::to_json).collect()),
            Node::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;

        impl<'de> Visitor<'de> for Anything {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything that JSON can say")
            }

            fn visit_unit<E: Error>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_none<E: Error>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
                Node::deserialize(deserializer)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Number(value.into()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Number(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
                Number::from_f64(value)
                    .map(Node::Number)
                    .ok_or_else(|| E::custom("a finite number"))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<Tree>()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, Tree>()? {
                    entries.push(entry);
                }
                Ok(Node::Map(entries))
            }
        }

        deserializer.deserialize_any(Anything)
    }
}
