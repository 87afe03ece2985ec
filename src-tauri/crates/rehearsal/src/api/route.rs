//! From a URL to what it means (apiserver `request/requestinfo.go`).

use http::Method;

/// A URL path, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Route {
    /// Objects of a resource.
    Resource(Target),
    /// The resource list of one group and version.
    GroupVersion { group: String, version: String },
    /// Anything else: `/version`, `/apis`, `/openapi/v3/…`, `/readyz`.
    Other,
}

/// Which objects a request is about.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Target {
    pub group: String,
    pub version: String,
    pub plural: String,
    /// Empty: cluster-scoped or all namespaces.
    pub namespace: String,
    /// Empty: the collection.
    pub name: String,
    /// Empty: the object itself.
    pub subresource: String,
}

pub(crate) fn parse(path: &str) -> Route {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Route::Other,
    };
    let (namespace, rest) = match rest {
        [] => {
            return Route::GroupVersion {
                group: group.to_owned(),
                version: version.to_owned(),
            };
        }
        ["namespaces", _, "status" | "finalize"] => ("", rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        _ => ("", rest),
    };
    let at = |index: usize| rest.get(index).map(|s| (*s).to_owned()).unwrap_or_default();
    if rest.len() > 3 {
        return Route::Other;
    }
    Route::Resource(Target {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: at(0),
        namespace: namespace.to_owned(),
        name: at(1),
        subresource: at(2),
    })
}

/// The API verb of a request.
pub(crate) fn verb(method: &Method, target: &Target, watches: bool) -> &'static str {
    let collection = target.name.is_empty();
    match *method {
        Method::GET | Method::HEAD if watches => "watch",
        Method::GET | Method::HEAD if collection => "list",
        Method::GET | Method::HEAD => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if collection => "deletecollection",
        Method::DELETE => "delete",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_both_a_scope_and_an_object() {
        let Route::Resource(inside) = parse("/api/v1/namespaces/prod/pods/a/log") else {
            panic!("not a resource");
        };
        assert_eq!(
            (
                inside.namespace.as_str(),
                inside.plural.as_str(),
                inside.subresource.as_str()
            ),
            ("prod", "pods", "log")
        );
        let Route::Resource(itself) = parse("/api/v1/namespaces/prod") else {
            panic!("not a resource");
        };
        assert_eq!(
            (itself.namespace.as_str(), itself.name.as_str()),
            ("", "prod")
        );
    }
}
