//! What may stand in a failure's text: printable, short, without credentials.

use std::sync::LazyLock;

use regex::Regex;

/// Characters kept of a message.
const LONGEST: usize = 600;

// Compiled from literals that the tests below run through; a broken one leaves nothing to replace.
static SECRETS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)",
            "‹key›",
        ),
        (
            r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}",
            "$1 ‹secret›",
        ),
        (r"\beyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*){0,2}", "‹token›"),
        (r"://[^/\s@]+@", "://"),
        (
            r#"(?i)\b(token|password|passwd|secret|api[_-]?key)(["']?\s*[=:]\s*["']?)[^\s"'&,}]+"#,
            "$1$2‹secret›",
        ),
    ]
    .into_iter()
    .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with)))
    .collect()
});

/// Whether a character must not reach a terminal or a window as it is: controls, and those that
/// change the direction or hide text.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
}

/// The text in one line without hidden characters, credentials and excess length.
pub(crate) fn scrub(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, with) in SECRETS.iter() {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    let mut short: String = text
        .chars()
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .map(|c| if is_hidden(c) { '\u{fffd}' } else { c })
        .take(LONGEST + 1)
        .collect();
    if short.chars().count() > LONGEST {
        short = short.chars().take(LONGEST).chain(['…']).collect();
    }
    short
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(SECRETS.len(), 5);
    }

    #[test]
    fn credentials_do_not_get_through() {
        for (text, secret) in [
            ("Authorization: Bearer abc.DEF-123456", "abc.DEF-123456"),
            ("got eyJhbGciOiJSUzI1NiIs.eyJzdWIiOiJ4.sig here", "eyJhbGci"),
            ("GET https://user:hunter2@host/api failed", "hunter2"),
            ("token=s3cr3tvalue&x=1", "s3cr3tvalue"),
            ("\"password\": \"pa55word\"", "pa55word"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
                "MIIE",
            ),
        ] {
            assert!(!scrub(text).contains(secret), "{}", scrub(text));
        }
    }

    #[test]
    fn hidden_characters_are_replaced_and_length_is_bounded() {
        assert_eq!(scrub("a\u{1b}[31m\u{202e}b\nc"), "a\u{fffd}[31m\u{fffd}b c");
        assert_eq!(scrub(&"长".repeat(5000)).chars().count(), LONGEST + 1);
    }
}
