//! A plan that cannot become a release.

use domain::*;

use crate::common::*;
use crate::id;

#[test]
fn creating_is_refused() {
    let create = |change: fn(&mut ReleasePlan)| {
        let mut plan = plan();
        change(&mut plan);
        Story::new().refused(OPERATOR, Command::Create(Box::new(plan)))
    };
    let field = |field: &str| Refusal::FieldInvalid {
        field: field.into(),
    };
    assert_eq!(create(|p| p.title = " ".into()), field("title"));
    assert_eq!(create(|p| p.title = "长".repeat(81)), field("title"));
    assert_eq!(create(|p| p.modules.clear()), field("modules"));
    assert_eq!(
        create(|p| p.modules.push(p.modules[0].clone())),
        field("modules")
    );
    assert_eq!(create(|p| p.stages.clear()), field("stages"));
    assert_eq!(
        create(|p| p.documents.push(Document {
            title: "x".into(),
            url: "javascript:x".into()
        })),
        field("documents")
    );
    assert_eq!(
        create(|p| p.verifier = p.operator.clone()),
        Refusal::VerifierIsOperator
    );
    assert_eq!(
        create(|p| p.operator = id(MANAGER)),
        Refusal::RoleMissing {
            role: Role::Operator
        }
    );
    assert_eq!(
        create(|p| p.verifier = id(MANAGER)),
        Refusal::RoleMissing {
            role: Role::Verifier
        }
    );
    assert_eq!(
        create(|p| p.manager = id("nobody")),
        Refusal::RoleMissing {
            role: Role::Manager
        }
    );
    assert_eq!(
        create(|p| p.modules.reverse()),
        Refusal::DependencyFirst {
            module: id("executor")
        }
    );
    let mut story = Story::created();
    assert_eq!(
        story.refused(OPERATOR, Command::Create(Box::new(plan()))),
        Refusal::ReleaseExists
    );
    assert_eq!(
        Story::new().refused(OPERATOR, Command::Finish),
        Refusal::ReleaseOver
    );
}
