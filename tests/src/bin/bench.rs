//! Figures beside what a person would use instead, measured in one run on the same machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return linux::main();
    #[cfg(not(target_os = "linux"))]
    {
        eprintln!("the clusters to measure on need Linux");
        ExitCode::FAILURE
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::process::ExitCode;

    use acceptance::bench::{Report, history, idle, ledger, live, pods, screen, start, writes};

    pub fn main() -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        };
        let mut report = Report::default();
        let done = match arguments.as_slice() {
            // Measured in a process of its own, so that its memory is its own.
            ["watch", kubeconfig] => return finish(runtime.block_on(pods::watch(kubeconfig))),
            ["fetch", kubeconfig] => return finish(runtime.block_on(pods::fetch(kubeconfig))),
            ["history", folder] => return finish(runtime.block_on(history::once(folder))),
            ["ledger"] => runtime.block_on(async {
                history::measure(&mut report).await?;
                start::with_history(&mut report).await?;
                ledger::measure(&mut report).await
            }),
            ["pods"] => runtime.block_on(pods::measure(&mut report)),
            ["writes"] => runtime.block_on(writes::measure(&mut report)),
            ["start"] => runtime.block_on(start::measure(&mut report)),
            ["screen"] => runtime.block_on(screen::measure(&mut report)),
            ["live"] => runtime.block_on(live::measure(&mut report)),
            ["idle"] => runtime.block_on(idle::measure(&mut report)),
            [] => runtime.block_on(async {
                start::measure(&mut report).await?;
                screen::measure(&mut report).await?;
                live::measure(&mut report).await?;
                idle::measure(&mut report).await?;
                history::measure(&mut report).await?;
                ledger::measure(&mut report).await?;
                pods::measure(&mut report).await?;
                writes::measure(&mut report).await
            }),
            other => Err(format!("what is {other:?}?").into()),
        };
        finish(done.and_then(|()| report.write()))
    }

    fn finish(done: Result<(), acceptance::bench::Failed>) -> ExitCode {
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("✗ {failure}");
                ExitCode::FAILURE
            }
        }
    }
}
