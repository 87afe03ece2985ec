//! The plan of the small release.

use domain::*;

use super::{ENVIRONMENTS, MANAGER, OPERATOR, VERIFIER, body, object};

fn text(word: &str) -> Text {
    Text {
        zh: word.to_owned(),
        en: word.to_owned(),
    }
}

fn environment(id: &str, tier: Tier) -> Environment {
    Environment {
        id: id.into(),
        name: text(id),
        short: id.into(),
        tier,
        cluster: format!("{id}-01"),
        namespace: id.into(),
    }
}

fn item(id: &str, phase: Phase, role: Role, kind: ItemKind) -> ChecklistItem {
    ChecklistItem {
        id: id.into(),
        phase,
        group: text("group"),
        title: text(id),
        detail: text(""),
        steps: vec![],
        role,
        kind,
        probe: None,
        stages: vec![],
    }
}

pub fn plan() -> ReleasePlan {
    let person = |id: &str, roles: &[Role]| Person {
        id: id.into(),
        name: id.into(),
        roles: roles.to_vec(),
    };
    let stage = |id: &str, environments, votes: &[Role], soak_s| Stage {
        id: id.into(),
        name: text(id),
        environments,
        gate: GateRules {
            votes: votes.to_vec(),
            waivable: vec![ConditionKind::SoakPassed, ConditionKind::ChecklistComplete],
        },
        soak_s,
    };
    let module = |id: &str, depends_on: &[&str]| PlannedModule {
        id: id.into(),
        version: "2".into(),
        strategy: Strategy::Rolling,
        depends_on: depends_on.iter().map(|d| (*d).into()).collect(),
        objects: ENVIRONMENTS
            .iter()
            .map(|e| PlannedObject {
                environment: (*e).into(),
                object: object(id, e),
                body: body(id, e),
            })
            .collect(),
    };
    ReleasePlan {
        id: "REL-20260915-01".into(),
        title: "26Q3-05".into(),
        background: "iteration".into(),
        level: Level::Low,
        operator: OPERATOR.into(),
        verifier: VERIFIER.into(),
        manager: MANAGER.into(),
        documents: vec![],
        declarations: vec![],
        modules: vec![module("executor", &[]), module("router", &["executor"])],
        stages: vec![
            stage(
                "bj",
                vec![
                    environment("dev", Tier::Dev),
                    environment("test", Tier::Test),
                ],
                &[Role::Operator],
                60,
            ),
            stage(
                "sz",
                vec![environment("prod", Tier::Prod)],
                &[Role::Operator, Role::Verifier, Role::Manager],
                0,
            ),
        ],
        people: vec![
            person(OPERATOR, &[Role::Operator, Role::Verifier]),
            person(VERIFIER, &[Role::Verifier]),
            person(MANAGER, &[Role::Manager]),
        ],
        checklist: vec![
            item("ready", Phase::Pre, Role::Operator, ItemKind::Manual),
            item("tested", Phase::Pre, Role::Verifier, ItemKind::Manual),
            item("smoke", Phase::Post, Role::Verifier, ItemKind::Manual),
            item(
                "healthy",
                Phase::Post,
                Role::Verifier,
                ItemKind::RolloutsHealthy,
            ),
        ],
        timings: Timings::default(),
        workspace: Digest::of(b"workspace"),
    }
}
