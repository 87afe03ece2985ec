use chrono::SecondsFormat;
use domain::{Environment, Instant, PersonId, ReleasePlan, Role, Signed, Stage, Tier};

use crate::{At, BannerLook, PersonHead, RoleView, SignatureView, Text};

/// An instant as the window gets it.
pub fn at(instant: Instant) -> At {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Words in both languages.
pub fn text(words: &domain::Text) -> Text {
    Text {
        zh: words.zh.clone(),
        en: words.en.clone(),
    }
}

/// A person of a release; one whom the plan does not know is shown by identifier.
pub fn person_head(plan: &ReleasePlan, id: &PersonId) -> PersonHead {
    let name = plan
        .person(id)
        .map_or_else(|| id.to_string(), |person| person.name.clone());
    PersonHead {
        id: id.to_string(),
        name,
    }
}

/// A role.
pub fn role_view(role: Role) -> RoleView {
    match role {
        Role::Operator => RoleView::Operator,
        Role::Verifier => RoleView::Verifier,
        Role::Manager => RoleView::Manager,
    }
}

/// A signature.
pub fn signature_view(plan: &ReleasePlan, signed: &Signed) -> SignatureView {
    let person = person_head(plan, &signed.statement.person);
    SignatureView {
        person: person.id,
        name: person.name,
        at: at(signed.statement.at),
        fingerprint: signed.key.fingerprint(),
    }
}

/// How an environment looks: only production of the last stage that has any wears the stripe.
pub fn look(stages: &[Stage], environment: &Environment) -> BannerLook {
    let is_production = |stage: &Stage| stage.environments.iter().any(|e| e.tier == Tier::Prod);
    let last = stages.iter().rev().find(|stage| is_production(stage));
    if environment.tier != Tier::Prod {
        BannerLook::Offline
    } else if last.is_some_and(|stage| stage.environments.iter().any(|e| e.id == environment.id)) {
        BannerLook::LastProduction
    } else {
        BannerLook::Production
    }
}

/// Hex digits in pairs, as fingerprints are read aloud.
pub fn hex_with_colons(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().map(|c| c.to_ascii_uppercase()).collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(":")
}

/// Host and port of a URL, and its path if it has one: behind one host, paths tell clusters apart.
pub fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.trim_end_matches('/').to_owned()
}

/// Milliseconds from one instant to another, never negative.
pub(super) fn ms_between(from: Instant, to: Instant) -> f64 {
    // Exact for any time a release takes: 2^53 ms are 285,000 years.
    (to - from).num_milliseconds().max(0) as f64
}

/// A count for the window, whose numbers are 32 bits wide.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A ledger position for the window.
pub(super) fn position(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
