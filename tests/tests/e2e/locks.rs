//! A data folder on a file system that cannot lock files.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::desk::{Desk, Said};
use acceptance::desktop::{Drawing, Parts};

/// Which files cannot be locked.
const FOLDER: &str = "WITHOUT_LOCKS";
/// Set where whole files can be locked all the same, and only parts of them cannot.
const PARTS_ONLY: &str = "WITHOUT_LOCKS_ON_PARTS";

/// Stands before the C library for the program that it is loaded into. A kernel has such file systems
/// (NFS without its lock daemon), but none that a test could make.
const LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_ours(int file) {
    const char *folder = getenv("WITHOUT_LOCKS");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!folder || length < 0) return 0;
    path[length] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

int flock(int file, int operation) {
    if (!getenv("WITHOUT_LOCKS_ON_PARTS") && is_ours(file)) { errno = ENOLCK; return -1; }
    int (*theirs)(int, int) = dlsym(RTLD_NEXT, "flock");
    return theirs(file, operation);
}

static int control(const char *name, int file, int what, void *argument) {
    int locks = what == F_SETLK || what == F_SETLKW || what == F_OFD_SETLK || what == F_OFD_SETLKW;
    if (locks && is_ours(file)) { errno = ENOLCK; return -1; }
    int (*theirs)(int, int, ...) = dlsym(RTLD_NEXT, name);
    return theirs(file, what, argument);
}

int fcntl(int file, int what, ...) {
    va_list more;
    va_start(more, what);
    void *argument = va_arg(more, void *);
    va_end(more);
    return control("fcntl", file, what, argument);
}

int fcntl64(int file, int what, ...) {
    va_list more;
    va_start(more, what);
    void *argument = va_arg(more, void *);
    va_end(more);
    return control("fcntl64", file, what, argument);
}
"#;

#[tokio::test]
async fn a_data_folder_that_cannot_be_locked_is_refused_and_nothing_is_written_there() {
    let parts = Parts {
        keychain: false,
        notifications: false,
        drawing: Drawing::Plain,
    };
    let Some(desk) = Desk::with("locks", parts).await else {
        return;
    };
    let library = library(desk.desktop.folder());
    let ledger = desk.data_folder().join("ledger.sqlite");
    let without = [
        ("LD_PRELOAD".to_owned(), library.display().to_string()),
        (FOLDER.to_owned(), desk.data_folder().display().to_string()),
    ];
    let parts_only = (PARTS_ONLY.to_owned(), "1".to_owned());
    for more in [
        without.to_vec(),
        [without.as_slice(), &[parts_only]].concat(),
    ] {
        let window = desk.window_with(&more).await;
        assert_eq!(
            window.failure_code("start-failure").await.said(),
            "ledgerNoLocks"
        );
        let said = window.read("start-failure").await.said();
        let folder = desk.data_folder().display().to_string();
        for word in [folder.as_str(), "PILOTHOUSE_DATA_FOLDER"] {
            assert!(said.contains(word), "{said}");
        }
        let written = std::fs::read(&ledger).unwrap_or_default();
        assert_eq!(written.len(), 0, "the ledger was begun");
        window.close().await.said();
    }
    // The same folder on a file system that can lock.
    let window = desk.window().await;
    window.wait_for("open-example").await.said();
    assert!(std::fs::metadata(&ledger).unwrap().len() > 0);
}

fn library(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("locks.c"), folder.join("locks.so"));
    std::fs::write(&source, LIBRARY).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    library
}
