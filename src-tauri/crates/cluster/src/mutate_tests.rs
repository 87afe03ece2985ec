use domain::{Digest, LiveHead, ObjectRef};

use super::*;

fn answer(code: u16, body: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(code).unwrap(),
        date: None,
        retry_after: None,
        body: body.to_owned().into(),
    }
}

fn word(said: Said) -> &'static str {
    match said {
        Said::Done(_) => "done",
        Said::Conflicts(_) => "conflicts",
        Said::Moved => "moved",
        Said::Refused(_) => "refused",
        Said::Unheard(_) => "unheard",
        Said::TurnedAway(_) => "turned away",
        Said::Unclear(_) => "unclear",
    }
}

#[test]
fn only_what_is_certain_counts_as_not_applied() {
    let status = r#"{"kind":"Status","message":"m"}"#;
    let typo = r#"{"kind":"Status","message":"failed to create typed patch object (x)"}"#;
    let authoriser =
        r#"{"kind":"Status","message":"User \"o\" cannot patch resource \"deployments\""}"#;
    let admission = r#"{"kind":"Status","message":"admission webhook \"w\" denied the request"}"#;
    let unasked = r#"{"kind":"Status","message":"Internal error occurred: failed calling webhook \"w\": failed to call webhook: context deadline exceeded"}"#;
    let unavailable = r#"{"kind":"Status","reason":"ServiceUnavailable"}"#;
    for (verb, code, body, expected) in [
        (MutationVerb::Apply, 200, "{}", "done"),
        (MutationVerb::Apply, 201, "{}", "done"),
        (MutationVerb::Apply, 409, status, "moved"),
        (MutationVerb::Apply, 409, "a proxy's page", "unheard"),
        (MutationVerb::Apply, 422, status, "refused"),
        (MutationVerb::Pause, 422, status, "moved"),
        (MutationVerb::Adopt, 422, status, "moved"),
        (MutationVerb::Apply, 403, status, "refused"),
        (MutationVerb::Apply, 404, status, "refused"),
        (MutationVerb::Remove, 404, status, "done"),
        (MutationVerb::Remove, 404, "a proxy's page", "unheard"),
        (MutationVerb::Apply, 408, "", "unclear"),
        (MutationVerb::Apply, 401, status, "turned away"),
        (MutationVerb::Apply, 403, authoriser, "turned away"),
        (MutationVerb::Apply, 403, admission, "refused"),
        (MutationVerb::Apply, 500, unasked, "unheard"),
        (MutationVerb::Apply, 429, "", "unheard"),
        (MutationVerb::Apply, 500, status, "unclear"),
        (MutationVerb::Apply, 500, typo, "refused"),
        (MutationVerb::Apply, 502, "<html>", "unclear"),
        (MutationVerb::Apply, 503, "<html>", "unclear"),
        (MutationVerb::Apply, 503, status, "unclear"),
        (MutationVerb::Apply, 503, unavailable, "unheard"),
        (MutationVerb::Apply, 504, status, "unclear"),
        (MutationVerb::Apply, 302, "", "unclear"),
    ] {
        assert_eq!(
            word(said(verb, &answer(code, body))),
            expected,
            "{verb:?} {code} {body}"
        );
    }
}

fn head(uid: &str, content: &str) -> LiveHead {
    LiveHead {
        uid: uid.into(),
        resource_version: "5".into(),
        content: Digest::new(content),
    }
}

fn live(uid: &str, content: &str, paused: bool) -> LiveObject {
    LiveObject {
        head: head(uid, content),
        body: json!({"spec": {"paused": paused}}),
        version: None,
        mutation: None,
        managed: Value::Null,
    }
}

fn intent(verb: MutationVerb, precondition: Precondition) -> MutationIntent {
    let object = ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "n".into(),
        name: "x".into(),
    };
    MutationIntent {
        id: "m1".into(),
        verb,
        object,
        body: None,
        precondition,
    }
}

#[test]
fn preconditions_are_judged() {
    use MutationVerb::{Apply, Pause, Remove, Restore, Unpause};
    let same = || Precondition::Unchanged(head("u", "c"));
    for (verb, precondition, live, expected) in [
        (Apply, Precondition::Absent, None, "go"),
        (
            Apply,
            Precondition::Absent,
            Some(live("u", "c", false)),
            "not",
        ),
        (Apply, same(), Some(live("u", "c", false)), "go"),
        (Apply, same(), Some(live("u", "other", false)), "not"),
        (Apply, same(), Some(live("v", "c", false)), "not"),
        (Apply, same(), None, "not"),
        (Restore, same(), Some(live("u", "other", false)), "go"),
        (Restore, same(), Some(live("v", "c", false)), "not"),
        (Remove, same(), None, "applied"),
        (Remove, same(), Some(live("u", "other", false)), "not"),
        (Remove, same(), Some(live("u", "c", false)), "go"),
        (Pause, same(), Some(live("u", "other", false)), "go"),
        (Pause, same(), Some(live("u", "c", true)), "applied"),
        (Unpause, same(), Some(live("u", "c", false)), "applied"),
        (Unpause, same(), Some(live("u", "c", true)), "go"),
    ] {
        let intent = intent(verb, precondition);
        let found = match judge(&intent, live.as_ref()) {
            Ok(()) => "go",
            Err(MutationOutcome::Applied { .. }) => "applied",
            Err(MutationOutcome::NotApplied { cause, .. }) => {
                assert_eq!(cause, NotAppliedCause::Outdated, "{intent:?}");
                "not"
            }
            Err(MutationOutcome::Unknown { .. }) => "unknown",
        };
        assert_eq!(found, expected, "{intent:?} {live:?}");
    }
}
