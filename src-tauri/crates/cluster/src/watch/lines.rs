//! Cuts a log stream into lines.

use chrono::{DateTime, Utc};

use super::store::instant;

/// Bytes so far of a line that is not whole yet. Cuts what is too long.
pub(super) struct Cutter {
    most: usize,
    open: Vec<u8>,
}

impl Cutter {
    pub fn new(most: usize) -> Cutter {
        Cutter {
            most,
            open: Vec::new(),
        }
    }

    /// Takes more bytes and gives the lines that they complete: when each was written, and its text.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<(Option<DateTime<Utc>>, String)> {
        let mut whole = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            let room = self.most.saturating_sub(self.open.len());
            self.open.extend_from_slice(&text[..text.len().min(room)]);
            if ends {
                let line = std::mem::take(&mut self.open);
                whole.push(parse(&String::from_utf8_lossy(&line)));
            }
        }
        whole
    }
}

/// Tells the kubelet's timestamp from the text.
fn parse(line: &str) -> (Option<DateTime<Utc>>, String) {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let (stamp, text) = line.split_once(' ').unwrap_or((line, ""));
    match instant(stamp) {
        Some(at) => (Some(at), text.to_owned()),
        None => (None, line.to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_wherever_the_bytes_are() {
        let mut cutter = Cutter::new(100);
        assert!(cutter.feed(b"2026-01-01T00:00:00.5Z he").is_empty());
        let lines = cutter.feed(b"llo\n2026-01-01T00:00:01Z\nno stamp\n");
        let texts: Vec<_> = lines
            .iter()
            .map(|(at, text)| (at.is_some(), text.as_str()))
            .collect();
        assert_eq!(texts, [(true, "hello"), (true, ""), (false, "no stamp")]);
    }

    #[test]
    fn a_line_without_end_takes_no_more_than_its_share() {
        let mut cutter = Cutter::new(8);
        for _ in 0..1000 {
            assert!(cutter.feed(b"xxxx").is_empty());
        }
        assert_eq!(
            cutter.feed(b"\nok\n"),
            [(None, "xxxxxxxx".to_owned()), (None, "ok".to_owned())]
        );
    }
}
