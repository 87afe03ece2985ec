//! What the user may do in an environment, resource by resource and verb by verb.

use std::collections::BTreeMap;

use contract::views::at;
use contract::{Failure, PermissionCell, PermissionRow, PermissionsView};
use domain::{EnvironmentId, Permission};

use crate::desk::Desk;

/// Verbs of the permission table, in the order of its columns.
const VERBS: [&str; 6] = ["get", "watch", "patch", "update", "create", "delete"];

/// What is known of one cell of the table.
#[derive(Clone, Copy)]
struct Answer {
    allowed: bool,
    needed: bool,
}

impl Answer {
    /// Needed, and not refused so far.
    const NEEDED: Answer = Answer {
        allowed: true,
        needed: true,
    };
    /// Allowed although no release needs it.
    const TOO_MUCH: Answer = Answer {
        allowed: true,
        needed: false,
    };
    const UNASKED: Answer = Answer {
        allowed: false,
        needed: false,
    };
}

/// What the user may do in an environment. With a release under way there, the answer is written
/// into it.
pub async fn permissions_view(
    desk: &Desk,
    environment: &EnvironmentId,
) -> Result<PermissionsView, Failure> {
    let engine = desk.engine().await?;
    let answers = match desk.release_under_way(engine, environment) {
        Some(release) => engine.check_permissions(&release, environment).await,
        None => {
            let open = desk.workspace()?;
            let objects: Vec<_> = open
                .opened
                .workspace
                .modules
                .iter()
                .flat_map(|m| m.manifests.iter().filter(|o| &o.environment == environment))
                .map(|manifest| manifest.object.clone())
                .collect();
            engine.ask_permissions(environment, &objects).await
        }
    }
    .map_err(|failure| desk.failure(environment, failure))?;
    // A cluster that answers only half is shown with the half that it answered.
    let mut too_much = engine.ask_too_much(environment).await.unwrap_or_default();
    // What a module of the whole cluster needs is not too much.
    too_much.retain(|one| answers.iter().all(|(needed, _)| needed != one));
    let excessive = too_much.len();
    let missing = answers.iter().filter(|(_, allowed)| !allowed).count();
    let mut rows: BTreeMap<(String, String), BTreeMap<String, Answer>> = BTreeMap::new();
    for permission in &too_much {
        let key = (resource_name(permission), permission.namespace.clone());
        let verbs = rows.entry(key).or_default();
        verbs.insert(permission.verb.clone(), Answer::TOO_MUCH);
    }
    for (permission, allowed) in &answers {
        let key = (resource_name(permission), permission.namespace.clone());
        // A watch begins with a list: without it there is none.
        let verb = if permission.verb == "list" {
            "watch"
        } else {
            permission.verb.as_str()
        };
        let answer = rows.entry(key).or_default().entry(verb.to_owned());
        let answer = answer.or_insert(Answer::NEEDED);
        answer.allowed &= allowed;
    }
    let row = |((resource, namespace), verbs): ((String, String), BTreeMap<String, Answer>)| {
        PermissionRow {
            resource,
            namespace: Some(namespace).filter(|namespace| !namespace.is_empty()),
            cells: VERBS
                .iter()
                .map(|verb| {
                    let answer = verbs.get(*verb).copied().unwrap_or(Answer::UNASKED);
                    PermissionCell {
                        verb: (*verb).to_owned(),
                        allowed: answer.allowed,
                        needed: answer.needed,
                    }
                })
                .collect(),
        }
    };
    Ok(PermissionsView {
        environment: environment.to_string(),
        at: at(chrono::Utc::now()),
        rows: rows.into_iter().map(row).collect(),
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
        excessive: u32::try_from(excessive).unwrap_or(u32::MAX),
    })
}

fn resource_name(permission: &Permission) -> String {
    let mut name = permission.resource.clone();
    if !permission.subresource.is_empty() {
        name = format!("{name}/{}", permission.subresource);
    }
    if permission.group.is_empty() {
        name
    } else {
        format!("{name}.{}", permission.group)
    }
}
