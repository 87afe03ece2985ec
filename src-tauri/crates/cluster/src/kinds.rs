//! Which resource a kind is, as the cluster itself says (custom kinds too), and where objects are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{ObjectRef, Permission};
use engine::ports::ClusterFailure;
use http::StatusCode;
use serde::Deserialize;

use crate::connection::{Connection, permission};
use crate::failure;
use crate::printable::scrub;

#[derive(Deserialize)]
struct ResourceList {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Clone, Deserialize)]
struct Resource {
    name: String,
    namespaced: bool,
    kind: String,
}

/// Where a kind's objects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// `apps/v1`, `v1`.
    pub api_version: String,
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
}

impl Kind {
    /// API group, empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// Path of an object.
    pub fn path(&self, object: &ObjectRef) -> String {
        format!("{}/{}", self.collection(&object.namespace), object.name)
    }

    /// Path of the objects of a namespace.
    pub fn collection(&self, namespace: &str) -> String {
        let root = root(&self.api_version);
        if self.namespaced {
            format!("{root}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// A verb on this kind.
    pub fn permission(&self, verb: &str, namespace: &str) -> Permission {
        permission(
            verb,
            self.group(),
            &self.plural,
            if self.namespaced { namespace } else { "" },
        )
    }
}

/// Kinds that were asked for, per `apiVersion`. Kept as long as the handle lives.
#[derive(Default)]
pub(crate) struct Kinds {
    known: Mutex<HashMap<String, Arc<Vec<Resource>>>>,
}

impl Kinds {
    /// What the cluster calls the kind of this object. Asks again when a kept answer lacks it, since
    /// a definition may have been added.
    pub async fn of(
        &self,
        connection: &Connection,
        object: &ObjectRef,
    ) -> Result<Kind, ClusterFailure> {
        for part in [&object.name, &object.namespace]
            .into_iter()
            .chain([&object.api_version])
        {
            check_part(part)?;
        }
        let kept = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&object.api_version)
            .cloned();
        if let Some(kind) = kept.and_then(|resources| find(&resources, object)) {
            return in_its_scope(kind, object);
        }
        let fresh = Arc::new(discover(connection, object).await?);
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(object.api_version.clone(), fresh.clone());
        let kind = find(&fresh, object).ok_or_else(|| unknown(object))?;
        in_its_scope(kind, object)
    }
}

/// An object of a namespace without one has no path, and one of the whole cluster must not pass for
/// an object of an environment's namespace.
fn in_its_scope(kind: Kind, object: &ObjectRef) -> Result<Kind, ClusterFailure> {
    if kind.namespaced != object.namespace.is_empty() {
        return Ok(kind);
    }
    Err(ClusterFailure::OtherScope {
        kind: scrub(&format!("{} {}", object.api_version, object.kind)),
        of_cluster: !kind.namespaced,
    })
}

fn find(resources: &[Resource], object: &ObjectRef) -> Option<Kind> {
    let resource = resources
        .iter()
        .find(|r| r.kind == object.kind && !r.name.contains('/'))?;
    Some(Kind {
        api_version: object.api_version.clone(),
        kind: object.kind.clone(),
        plural: resource.name.clone(),
        namespaced: resource.namespaced,
    })
}

async fn discover(
    connection: &Connection,
    object: &ObjectRef,
) -> Result<Vec<Resource>, ClusterFailure> {
    let answer = connection
        .ask(connection.get(root(&object.api_version)))
        .await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Err(unknown(object));
    }
    if !answer.status.is_success() {
        return Err(failure::of_answer(
            &answer,
            &permission("get", "", &root(&object.api_version), ""),
        ));
    }
    let list: ResourceList = serde_json::from_slice(&answer.body)
        .map_err(|_| ClusterFailure::Unreadable("its list of resources".to_owned()))?;
    Ok(list
        .resources
        .into_iter()
        .filter(|r| is_part(&r.name.replace('/', "-")))
        .collect())
}

pub(crate) fn unknown(object: &ObjectRef) -> ClusterFailure {
    ClusterFailure::KindUnknown(scrub(&format!("{} {}", object.api_version, object.kind)))
}

fn root(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// Names become parts of URLs: nothing that could lead to another object gets through.
fn check_part(part: &str) -> Result<(), ClusterFailure> {
    if part.is_empty() || part.split('/').all(is_part) && part.matches('/').count() <= 1 {
        return Ok(());
    }
    Err(ClusterFailure::Unreadable(format!(
        "{} is no name of an object",
        scrub(part)
    )))
}

fn is_part(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    !part.is_empty() && part != "." && part != ".." && part.chars().all(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for bad in [
            "..",
            "a/../b",
            "a?dryRun=All",
            "a%2fb",
            "a b",
            "a#b",
            "/",
            "a/b/c",
            "名",
        ] {
            assert!(check_part(bad).is_err(), "{bad}");
        }
        for good in ["router", "apps/v1", "system:node", "a.b-c", ""] {
            assert!(check_part(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn an_object_that_is_in_another_scope_than_its_kind_is_refused() {
        let object = |namespace: &str| ObjectRef {
            api_version: "example.org/v1".into(),
            kind: "Widget".into(),
            namespace: namespace.into(),
            name: "x".into(),
        };
        let kind = |namespaced| Kind {
            api_version: "example.org/v1".into(),
            kind: "Widget".into(),
            plural: "widgets".into(),
            namespaced,
        };
        assert!(in_its_scope(kind(true), &object("n")).is_ok());
        assert!(in_its_scope(kind(false), &object("")).is_ok());
        for (namespaced, namespace) in [(true, ""), (false, "n")] {
            let refused = in_its_scope(kind(namespaced), &object(namespace)).unwrap_err();
            let expected = ClusterFailure::OtherScope {
                kind: "example.org/v1 Widget".into(),
                of_cluster: !namespaced,
            };
            assert_eq!(refused, expected);
        }
    }

    #[test]
    fn paths_are_those_of_the_api() {
        let object = ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "n".into(),
            name: "x".into(),
        };
        let mut kind = Kind {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            plural: "deployments".into(),
            namespaced: true,
        };
        assert_eq!(
            kind.path(&object),
            "/apis/apps/v1/namespaces/n/deployments/x"
        );
        assert_eq!(kind.group(), "apps");
        kind.api_version = "v1".into();
        kind.namespaced = false;
        assert_eq!(
            (kind.path(&object).as_str(), kind.group()),
            ("/api/v1/deployments/x", "")
        );
    }
}
