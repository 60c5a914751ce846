//! The binary: everything is in the library, so that tests run what operators run.

use std::process::ExitCode;

fn main() -> ExitCode {
    guesthouse::cli::main()
}
