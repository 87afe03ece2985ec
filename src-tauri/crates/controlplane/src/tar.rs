//! As much of the tar format as an image needs: small files, folders, links.
//!
//! Owner, group and time are always zero, so that the same content always
//! gives the same digest.

const BLOCK: usize = 512;

/// A ustar archive in memory.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
}

impl Archive {
    pub(crate) fn folder(&mut self, path: &str) {
        self.header(path, 0o755, b'5', 0, "");
    }

    pub(crate) fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.header(path, mode, b'0', content.len(), "");
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    pub(crate) fn link(&mut self, path: &str, target: &str) {
        self.header(path, 0o777, b'2', 0, target);
    }

    /// The archive with its end marker.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&[0; 2 * BLOCK]);
        self.bytes
    }

    fn header(&mut self, path: &str, mode: u32, kind: u8, size: usize, target: &str) {
        debug_assert!(path.len() <= 100, "ustar names are at most 100 bytes");
        let mut header = [0u8; BLOCK];
        put(&mut header, 0, 100, path);
        put(&mut header, 100, 8, &format!("{mode:07o}"));
        put(&mut header, 108, 8, "0000000");
        put(&mut header, 116, 8, "0000000");
        put(&mut header, 124, 12, &format!("{size:011o}"));
        put(&mut header, 136, 12, "00000000000");
        // The checksum is taken with its own field as blanks.
        put(&mut header, 148, 8, "        ");
        header[156] = kind;
        put(&mut header, 157, 100, target);
        put(&mut header, 257, 8, "ustar\u{0}00");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        put(&mut header, 148, 8, &format!("{sum:06o}\u{0} "));
        self.bytes.extend_from_slice(&header);
    }

    fn pad(&mut self) {
        let rest = self.bytes.len() % BLOCK;
        if rest != 0 {
            self.bytes.resize(self.bytes.len() + BLOCK - rest, 0);
        }
    }
}

fn put(header: &mut [u8; BLOCK], at: usize, room: usize, text: &str) {
    let bytes = text.as_bytes();
    let length = bytes.len().min(room);
    header[at..at + length].copy_from_slice(&bytes[..length]);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let archive = || {
            let mut archive = Archive::default();
            archive.folder("bin/");
            archive.file("bin/a", 0o755, b"hello");
            archive.link("bin/b", "a");
            archive.finish()
        };
        assert_eq!(archive(), archive());
        assert_eq!(archive().len(), BLOCK * (1 + 2 + 1 + 2));
    }

    #[test]
    fn other_programs_can_read_it() {
        let mut archive = Archive::default();
        archive.folder("bin/");
        archive.file("bin/a", 0o755, b"hello");
        let path = std::env::temp_dir().join(format!("controlplane-tar-{}", std::process::id()));
        std::fs::write(&path, archive.finish()).unwrap();
        let listed = std::process::Command::new("tar")
            .arg("-tf")
            .arg(&path)
            .output();
        std::fs::remove_file(&path).unwrap();
        let Ok(listed) = listed else { return };
        assert_eq!(String::from_utf8_lossy(&listed.stdout), "bin/\nbin/a\n");
    }
}
