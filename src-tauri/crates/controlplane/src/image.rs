//! Container images without a registry: docker-save archives around Debian's
//! static busybox.

use std::path::Path;
use std::{fs, io};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::tar::Archive;

/// Where Debian's `busybox-static` puts its one program.
pub const BUSYBOX: &str = "/bin/busybox";

/// The image that holds a pod's namespaces open; every cluster has it.
pub(crate) const PAUSE: &str = "pilothouse.example/pause:1";

/// The port on which a serving image answers.
pub const PORT: u16 = 8080;

/// One image of a cluster. A reference that no image has gives `ErrImagePull`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The full reference with its tag, as a pod names it.
    pub reference: String,
    /// What a container of it does.
    pub behaviour: Behaviour,
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers `GET /version` with the version and `GET /healthz` with `ok` on
    /// [`PORT`]. On SIGTERM it goes on answering for three seconds, so that no
    /// request is lost while the Service still points at it.
    Serves {
        /// What `/version` answers.
        version: String,
    },
    /// Like `Serves`, but only some seconds after the start.
    ServesAfter {
        /// What `/version` answers.
        version: String,
        /// How long nothing listens.
        seconds: u32,
    },
    /// Answers `/version`, but `/healthz` is never found: a rollout that hangs.
    NeverHealthy {
        /// What `/version` answers.
        version: String,
    },
    /// Prints an error and exits: `CrashLoopBackOff`.
    Exits {
        /// The exit code.
        code: u8,
    },
    /// Holds a pod open.
    #[doc(hidden)]
    Pauses,
}

impl Image {
    /// An image with this reference and behaviour.
    pub fn new(reference: impl Into<String>, behaviour: Behaviour) -> Image {
        Image {
            reference: reference.into(),
            behaviour,
        }
    }

    pub(crate) fn pause() -> Image {
        Image::new(PAUSE, Behaviour::Pauses)
    }

    fn layer(&self) -> Vec<u8> {
        let mut archive = Archive::default();
        archive.file("start", 0o755, self.script().as_bytes());
        archive.folder("www/");
        match &self.behaviour {
            Behaviour::Serves { version } | Behaviour::ServesAfter { version, .. } => {
                archive.file("www/version", 0o644, version.as_bytes());
                archive.file("www/healthz", 0o644, b"ok");
            }
            Behaviour::NeverHealthy { version } => {
                archive.file("www/version", 0o644, version.as_bytes());
            }
            Behaviour::Exits { .. } | Behaviour::Pauses => {}
        }
        archive.finish()
    }

    fn script(&self) -> String {
        let reference = &self.reference;
        match &self.behaviour {
            Behaviour::Serves { .. } | Behaviour::NeverHealthy { .. } => serve(reference, 0),
            Behaviour::ServesAfter { seconds, .. } => serve(reference, *seconds),
            Behaviour::Exits { code } => format!(
                "#!/bin/sh\necho '{reference}: starting'\n\
                 echo '{reference}: cannot read its configuration' >&2\nexit {code}\n"
            ),
            Behaviour::Pauses => PAUSE_SCRIPT.to_owned(),
        }
    }
}

const PAUSE_SCRIPT: &str =
    "#!/bin/sh\ntrap 'exit 0' TERM INT\nwhile :; do sleep 3600 & wait $!; done\n";

/// As process 1 the shell gets SIGTERM and httpd does not: httpd goes on
/// accepting until the endpoint is gone from every kube-proxy, then requests
/// under way get another moment.
fn serve(reference: &str, delay: u32) -> String {
    format!(
        "#!/bin/sh\n\
         echo '{reference}: starting'\n\
         trap 'exit 0' TERM\n\
         sleep {delay} & wait $!\n\
         httpd -f -v -p {PORT} -h /www &\n\
         server=$!\n\
         trap stopping=1 TERM\n\
         echo '{reference}: listening on {PORT}'\n\
         wait $server\n\
         test -n \"$stopping\" || exit 1\n\
         echo '{reference}: stopping, still answering for three seconds'\n\
         sleep 3\n\
         kill $server\n\
         sleep 0.2\n"
    )
}

/// Writes one archive with all `images` that `ctr images import` understands.
pub(crate) fn save(images: &[Image], path: &Path) -> io::Result<()> {
    let base = base_layer(&fs::read(BUSYBOX)?);
    let base_digest = digest(&base);
    let mut archive = Archive::default();
    archive.file(&format!("{base_digest}.tar"), 0o644, &base);
    let mut manifest = Vec::new();
    // A file may stand in an archive only once, though two images may share it.
    let mut written = std::collections::BTreeSet::new();
    for image in images {
        let layer = image.layer();
        let layer_digest = digest(&layer);
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "config": {
                "Entrypoint": ["/start"],
                "Env": ["PATH=/bin"],
                "ExposedPorts": { format!("{PORT}/tcp"): {} },
            },
            "rootfs": {
                "type": "layers",
                "diff_ids": [format!("sha256:{base_digest}"), format!("sha256:{layer_digest}")],
            },
        })
        .to_string();
        let layer_path = format!("{layer_digest}.tar");
        let config_path = format!("{}.json", digest(config.as_bytes()));
        if written.insert(layer_path.clone()) {
            archive.file(&layer_path, 0o644, &layer);
        }
        if written.insert(config_path.clone()) {
            archive.file(&config_path, 0o644, config.as_bytes());
        }
        manifest.push(json!({
            "Config": config_path,
            "RepoTags": [image.reference],
            "Layers": [format!("{base_digest}.tar"), layer_path],
        }));
    }
    archive.file(
        "manifest.json",
        0o644,
        json!(manifest).to_string().as_bytes(),
    );
    fs::write(path, archive.finish())
}

/// The layer that all images share, so that containerd keeps busybox once.
fn base_layer(busybox: &[u8]) -> Vec<u8> {
    let mut archive = Archive::default();
    for folder in ["bin/", "etc/", "tmp/", "dev/", "proc/", "sys/"] {
        archive.folder(folder);
    }
    archive.file("bin/busybox", 0o755, busybox);
    for applet in [
        "sh", "httpd", "sleep", "kill", "cat", "ls", "echo", "wget", "nc", "ps", "env", "date",
        "id", "hostname", "true", "false", "seq", "head", "tail", "grep", "test",
    ] {
        archive.link(&format!("bin/{applet}"), "busybox");
    }
    archive.file("etc/passwd", 0o644, b"root:x:0:0:root:/:/bin/sh\n");
    archive.finish()
}

/// Go's name for this machine's architecture.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_versions_differ_only_in_their_own_layer() {
        let image = |version: &str| {
            Image::new(
                "pilothouse.example/a:1",
                Behaviour::Serves {
                    version: version.into(),
                },
            )
        };
        assert_ne!(digest(&image("1").layer()), digest(&image("2").layer()));
        assert_eq!(digest(&image("1").layer()), digest(&image("1").layer()));
    }
}
