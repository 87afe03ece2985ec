//! References to container images.

/// An image reference taken apart: `registry:5000/team/app:1.2@sha256:…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRef<'a> {
    /// Registry and path, without tag and digest.
    pub name: &'a str,
    /// The tag, if there is one.
    pub tag: Option<&'a str>,
    /// The digest with its algorithm (`sha256:…`), if there is one.
    pub digest: Option<&'a str>,
}

impl<'a> ImageRef<'a> {
    /// Takes a reference apart. A colon before the last slash belongs to a port.
    pub fn of(text: &'a str) -> ImageRef<'a> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let path_start = rest.rfind('/').map_or(0, |slash| slash + 1);
        let colon = rest[path_start..].find(':').map(|at| path_start + at);
        let (name, tag) = match colon {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        ImageRef { name, tag, digest }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("app", "app", None, None)]
    #[case("app:1.2", "app", Some("1.2"), None)]
    #[case("host:5000/app", "host:5000/app", None, None)]
    #[case("host:5000/team/app:1.2", "host:5000/team/app", Some("1.2"), None)]
    #[case("app@sha256:ab", "app", None, Some("sha256:ab"))]
    #[case(
        "host:5000/app:1.2@sha256:ab",
        "host:5000/app",
        Some("1.2"),
        Some("sha256:ab")
    )]
    #[case("", "", None, None)]
    fn a_reference_has_up_to_three_parts(
        #[case] text: &str,
        #[case] name: &str,
        #[case] tag: Option<&str>,
        #[case] digest: Option<&str>,
    ) {
        assert_eq!(ImageRef::of(text), ImageRef { name, tag, digest });
    }
}
