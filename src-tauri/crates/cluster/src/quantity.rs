//! Amounts that are written differently and mean the same: `0.5` and `500m`, `64Mi` and `65536Ki`.

use domain::path_within;
use serde_json::Value;

/// Where Kubernetes has amounts. Elsewhere `1` and `1000m` are two texts.
const PLACES: [&str; 7] = [
    "limits",
    "requests",
    "hard",
    "capacity",
    "overhead",
    "allocatable",
    "sizeLimit",
];

/// Whether two values at a path mean the same.
pub(crate) fn same(path: &str, a: &Value, b: &Value) -> bool {
    a == b || (is_amount(path) && amount(a).is_some_and(|a| Some(a) == amount(b)))
}

fn is_amount(path: &str) -> bool {
    let free_text = ["data", "metadata"].iter().any(|of| path_within(path, of));
    !free_text
        && PLACES.iter().any(|place| {
            path.match_indices(place).any(|(at, _)| {
                let starts = at == 0 || path[..at].ends_with('.');
                starts && path_within(&path[at..], place)
            })
        })
}

/// The amount in nano units; none for what is no amount or too large to tell.
fn amount(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let ends = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+'));
    let (digits, suffix) = text.split_at(ends.unwrap_or(text.len()));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if part.len() > 9 || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let nano: i128 = format!("{whole}{part:0<9}").parse().ok()?;
    let scaled = |factor: i128| nano.checked_mul(factor);
    let binary = |power: u32| scaled(1024_i128.pow(power));
    match suffix {
        "n" => exactly(nano, 1_000_000_000),
        "u" => exactly(nano, 1_000_000),
        "m" => exactly(nano, 1_000),
        "" => Some(nano),
        "k" => scaled(1_000),
        "M" => scaled(1_000_000),
        "G" => scaled(1_000_000_000),
        "T" => scaled(1_000_000_000_000),
        "P" => scaled(1_000_000_000_000_000),
        "E" => scaled(1_000_000_000_000_000_000),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        power => {
            let power: i32 = power.strip_prefix(['e', 'E'])?.parse().ok()?;
            let factor = 10_i128.checked_pow(power.unsigned_abs())?;
            if power < 0 {
                exactly(nano, factor)
            } else {
                scaled(factor)
            }
        }
    }
}

fn exactly(nano: i128, divisor: i128) -> Option<i128> {
    (nano % divisor == 0).then(|| nano / divisor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_amounts_are_the_same_where_amounts_are() {
        let path = "spec.containers[name=a].resources.limits.memory";
        for (a, b, expected) in [
            (json!("64Mi"), json!("65536Ki"), true),
            (json!("0.5"), json!("500m"), true),
            (json!(1), json!("1000m"), true),
            (json!("1e3"), json!("1k"), true),
            (json!("1G"), json!("1Gi"), false),
            (json!("a"), json!("b"), false),
            (json!("-1"), json!("-1000m"), true),
        ] {
            assert_eq!(same(path, &a, &b), expected, "{a} {b}");
        }
        assert!(!same("data.limits", &json!("1"), &json!("1000m")));
        assert!(same("emptyDir.sizeLimit", &json!("1Gi"), &json!("1024Mi")));
        assert!(!same("data.requestsPerHour", &json!("1"), &json!("1000m")));
    }
}
