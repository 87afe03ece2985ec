//! How the page is drawn. WebKit draws through OpenGL, also where no processor for graphics is there:
//! on a remote desktop or a virtual machine the emulation then works harder than everything else that
//! the window does, and every frame comes late. Plain drawing is the quicker one there.

/// Whoever knows better says so: `graphics` draws through OpenGL, `plain` never does. Other values count
/// as none.
const VARIABLE: &str = "PILOTHOUSE_DRAWING";

/// WebKit's own word for plain drawing. It reads it when its first view is made, and its settings are too
/// late by then: the first page has begun to draw.
const WEBKIT: &str = "WEBKIT_DISABLE_COMPOSITING_MODE";

/// Has WebKit draw plainly if that is the quicker way. To be called before anything else: no other thread
/// may read the environment while it is written.
pub fn settle() {
    if std::env::var_os(WEBKIT).is_none()
        && is_plain()
        && let Err(error) = gtk::glib::setenv(WEBKIT, "1", false)
    {
        eprintln!("pilothouse: the window is drawn through emulated graphics: {error}");
    }
}

fn is_plain() -> bool {
    chosen(std::env::var(VARIABLE).ok().as_deref()).unwrap_or_else(|| !has_processor())
}

fn chosen(value: Option<&str>) -> Option<bool> {
    match value? {
        "plain" => Some(true),
        "graphics" => Some(false),
        _ => None,
    }
}

/// Whether the system has a processor for graphics: the kernel lists a device to draw with for each.
fn has_processor() -> bool {
    let Ok(devices) = std::fs::read_dir("/dev/dri") else {
        return false;
    };
    devices.flatten().any(|device| {
        device
            .file_name()
            .as_encoded_bytes()
            .starts_with(b"renderD")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_word_chooses() {
        assert_eq!(chosen(Some("plain")), Some(true));
        assert_eq!(chosen(Some("graphics")), Some(false));
        assert_eq!(chosen(Some("")), None);
        assert_eq!(chosen(None), None);
    }
}
