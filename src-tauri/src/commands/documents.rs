use contract::{Expected, Failure, Field};
use domain::ReleaseId;
use tauri::{State, Url};

use crate::desk::Desk;
use crate::failures;

/// Opens a document of a release in the system's browser. `address` is the whole address as the
/// window has just shown it: if the document's is another one, nothing is opened.
#[tauri::command]
#[specta::specta]
pub async fn document_open(
    desk: State<'_, Desk>,
    release: String,
    document: u32,
    address: String,
) -> Result<(), Failure> {
    let wrong = |expected| Failure::form(Field::Address, expected);
    let snapshot = desk
        .engine()
        .await?
        .release(&ReleaseId::new(release))
        .map_err(failures::of)?;
    let documents = &snapshot.release.plan.documents;
    let index = usize::try_from(document).unwrap_or(usize::MAX);
    let known = documents.get(index).and_then(|known| outside(&known.url));
    let url = known.ok_or_else(|| wrong(Expected::WebAddress))?;
    if url.as_str() != address {
        return Err(wrong(Expected::ShownAddress));
    }
    // The desktop's opener may stay as long as the browser does.
    open::that_detached(url.as_str())
        .map_err(|error| wrong(Expected::Browser).detail(error.to_string()))
}

/// The address that a browser would go to: http or https, and no name that only looks like a host
/// (`https://bank.example@evil.example`). Its host is spelled in ASCII.
fn outside(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_lead_outside() {
        let opened = |address| outside(address).map(String::from);
        assert_eq!(
            opened("https://docs.example/a b").as_deref(),
            Some("https://docs.example/a%20b")
        );
        // A letter that looks like another one is seen to be none.
        assert_eq!(
            opened("https://аpple.example/").as_deref(),
            Some("https://xn--pple-43d.example/")
        );
        for refused in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ssh://host/",
            "https://docs.example@evil.example/",
            "https://user:word@evil.example/",
            "https://",
            "docs.example",
            "--version",
            "",
        ] {
            assert_eq!(opened(refused), None, "{refused}");
        }
    }
}
