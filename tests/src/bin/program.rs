//! The program in a process of its own, for stories that kill it; see `acceptance::killable`.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return acceptance::killable::run();
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("the stories that kill the program need Linux");
        ExitCode::FAILURE
    }
}
