//! Who is calling and what they may do: tokens, rules, and the self-review APIs.

use super::route::Target;
use crate::spec::{Rule, User};
use crate::status::ApiError;
use crate::tree::text;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

/// The user behind the bearer token.
pub(crate) fn authenticate<'a>(users: &'a [User], headers: &HeaderMap) -> Option<&'a User> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = header.strip_prefix("Bearer ")?.trim();
    users.iter().find(|user| user.token == token)
}

fn matches(list: &[String], word: &str) -> bool {
    list.iter().any(|item| item == "*" || item == word)
}

fn allows(rule: &Rule, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
    matches(&rule.verbs, verb)
        && matches(&rule.api_groups, group)
        && matches(&rule.resources, resource)
        && matches(&rule.namespaces, namespace)
}

fn may(user: &User, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
    user.groups.iter().any(|group| group == "system:masters")
        || user
            .rules
            .iter()
            .any(|rule| allows(rule, verb, group, resource, namespace))
}

fn resource_of(target: &Target) -> String {
    if target.subresource.is_empty() {
        target.plural.clone()
    } else {
        format!("{}/{}", target.plural, target.subresource)
    }
}

/// Self reviews and discovery are open to everyone who is authenticated (`system:basic-user`).
pub(crate) fn authorize(user: &User, verb: &str, target: &Target) -> Result<(), ApiError> {
    if matches!(
        target.group.as_str(),
        "authorization.k8s.io" | "authentication.k8s.io"
    ) {
        return Ok(());
    }
    // As in the real request info: a namespace counts as lying in itself.
    let namespace = if target.plural == "namespaces" && target.group.is_empty() {
        &target.name
    } else {
        &target.namespace
    };
    let resource = resource_of(target);
    if may(user, verb, &target.group, &resource, namespace) {
        return Ok(());
    }
    let qualified = match target.group.as_str() {
        "" => target.plural.clone(),
        group => format!("{}.{group}", target.plural),
    };
    let subject = match target.name.as_str() {
        "" => qualified,
        name => format!("{qualified} \"{name}\""),
    };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{namespace}\"")
    };
    let message = format!(
        "{subject} is forbidden: User \"{}\" cannot {verb} resource \"{resource}\" in API group \"{}\" {place}",
        user.name, target.group
    );
    Err(ApiError::forbidden(
        message,
        &target.group,
        &target.plural,
        &target.name,
    ))
}

/// Answers `SelfSubjectAccessReview`, `SelfSubjectRulesReview`, `SelfSubjectReview`.
pub(crate) fn review(user: &User, plural: &str, mut review: Value) -> Option<Value> {
    let status = match plural {
        "selfsubjectaccessreviews" => {
            let at = |field: &str| {
                text(&review, &format!("/spec/resourceAttributes/{field}")).to_owned()
            };
            let resource = match at("subresource").as_str() {
                "" => at("resource"),
                sub => format!("{}/{sub}", at("resource")),
            };
            let allowed = review.pointer("/spec/nonResourceAttributes").is_some()
                || may(user, &at("verb"), &at("group"), &resource, &at("namespace"));
            match allowed {
                true => json!({"allowed": true, "reason": ""}),
                false => json!({"allowed": false}),
            }
        }
        "selfsubjectrulesreviews" => rules(user, text(&review, "/spec/namespace")),
        "selfsubjectreviews" => {
            let mut groups = user.groups.clone();
            groups.push("system:authenticated".to_owned());
            json!({"userInfo": {"username": user.name, "uid": user.name, "groups": groups}})
        }
        _ => return None,
    };
    review["status"] = status;
    Some(review)
}

fn rules(user: &User, namespace: &str) -> Value {
    let mut found: Vec<Value> = user
        .rules
        .iter()
        .filter(|rule| matches(&rule.namespaces, namespace))
        .map(|rule| json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources}))
        .collect();
    if user.groups.iter().any(|group| group == "system:masters") {
        found.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
    }
    json!({
        "resourceRules": found,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/version", "/healthz", "/livez", "/readyz", "/api", "/apis", "/openapi/*"]}],
        "incomplete": false,
    })
}
