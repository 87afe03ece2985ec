//! A small release to play with: two stages, three environments, two modules, three people.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

mod plan;
mod story;

use chrono::{TimeZone, Utc};
use domain::*;
use ed25519_dalek::{Signer, SigningKey};

pub use plan::plan;
pub use story::{Story, replay};

pub const OPERATOR: &str = "zhangsan";
pub const VERIFIER: &str = "lisi";
pub const MANAGER: &str = "wangwu";
pub const STAGES: [&str; 2] = ["bj", "sz"];
pub const ENVIRONMENTS: [&str; 3] = ["dev", "test", "prod"];
pub const MODULES: [&str; 2] = ["executor", "router"];

pub fn start() -> Instant {
    Utc.with_ymd_and_hms(2026, 9, 15, 2, 0, 0).unwrap()
}

/// When the workstation was set up: a day before the release.
pub fn before() -> Instant {
    start() - chrono::Duration::days(1)
}

pub fn object(module: &str, environment: &str) -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: environment.into(),
        name: module.into(),
    }
}

pub fn body(module: &str, environment: &str) -> Digest {
    Digest::of(format!("{module} {environment}").as_bytes())
}

pub fn identity(environment: &str) -> ClusterIdentity {
    ClusterIdentity {
        uid: format!("uid-{environment}"),
        url: format!("https://{environment}:6443"),
        ca_sha256: format!("ca-{environment}"),
        issuer_sha256: None,
    }
}

pub fn key(person: &str) -> SigningKey {
    SigningKey::from_bytes(
        Digest::of(person.as_bytes()).as_str().as_bytes()[..32]
            .try_into()
            .unwrap(),
    )
}

pub fn public(person: &str) -> PublicKey {
    PublicKey::from_bytes(key(person).verifying_key().as_bytes())
}

pub fn register() -> Register {
    let mut register = Register::default();
    for person in [OPERATOR, VERIFIER, MANAGER] {
        let registered = RegisterEvent::KeyRegistered {
            person: person.into(),
            key: public(person),
            witnessed: None,
        };
        register.evolve(&registered, before());
    }
    for environment in ENVIRONMENTS {
        let bound = RegisterEvent::EnvironmentBound {
            environment: environment.into(),
            context: environment.into(),
            identity: identity(environment),
            issuer_before: None,
        };
        register.evolve(&bound, before());
    }
    register
}

pub fn head(module: &str, environment: &str, version: &str) -> LiveHead {
    LiveHead {
        uid: format!("uid-{module}-{environment}"),
        resource_version: "1".into(),
        content: Digest::of(format!("{module} {environment} {version}").as_bytes()),
    }
}

pub fn backup(environment: &str, at: Instant) -> Backup {
    let kept = |module: &&str| BackupObject {
        object: object(module, environment),
        live: Some(BackupBody {
            head: head(module, environment, "1"),
            blob: Digest::of(format!("old {module} {environment}").as_bytes()),
            version: Some("1".into()),
        }),
    };
    Backup {
        at,
        digest: Digest::of(environment.as_bytes()),
        objects: MODULES.iter().map(kept).collect(),
    }
}

pub fn diff(environment: &str, undeclared: bool) -> Diff {
    let field = |path: &str, after: &str| FieldChange {
        path: path.into(),
        before: Some("\"old\"".into()),
        after: Some(after.into()),
        author: FieldAuthor::Manifest,
    };
    let objects = MODULES.iter().map(|module| {
        let mut fields = vec![field(
            "spec.template.spec.containers[name=m].image",
            "\"x/m:2\"",
        )];
        if undeclared {
            fields.push(field("spec.replicas", "9"));
        }
        ObjectDiff {
            object: object(module, environment),
            module: (*module).into(),
            live: Some(head(module, environment, "1")),
            fields,
            conflicts: vec![],
            rejected: None,
            adopts: false,
            content: None,
        }
    });
    Diff::new(objects.collect()).unwrap()
}

pub fn sign(person: &str, stage: &str, says: Said, at: Instant) -> Signed {
    let statement = Statement::new(says, plan().id, stage.into(), person.into(), at);
    let signature = key(person).sign(&statement.bytes().unwrap());
    Signed::new(statement, public(person), &signature.to_bytes())
}

pub fn apply_intent(id: &str, module: &str, environment: &str) -> MutationIntent {
    MutationIntent {
        id: id.into(),
        verb: MutationVerb::Apply,
        object: object(module, environment),
        body: Some(body(module, environment)),
        precondition: Precondition::Unchanged(head(module, environment, "1")),
    }
}

pub fn restore_intent(id: &str, module: &str, environment: &str) -> MutationIntent {
    MutationIntent {
        id: id.into(),
        verb: MutationVerb::Restore,
        object: object(module, environment),
        body: Some(Digest::of(format!("old {module} {environment}").as_bytes())),
        precondition: Precondition::Unchanged(head(module, environment, "2")),
    }
}

pub fn missing_permission() -> Permission {
    Permission {
        verb: "patch".into(),
        group: "apps".into(),
        resource: "deployments".into(),
        subresource: String::new(),
        namespace: "dev".into(),
    }
}
