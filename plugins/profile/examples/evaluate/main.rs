//! Prints how well the rules do on the labelled messages of `plugins/profile/evaluation`, as the table of `docs/profile.md`:
//!
//! ```sh
//! cargo run -p guesthouse-profile --example evaluate             # prints it
//! cargo run -p guesthouse-profile --example evaluate -- --write  # puts it into docs/profile.md
//! cargo run -p guesthouse-profile --example evaluate -- --misses # prints what the rules missed in the tuned part
//! ```

#![allow(clippy::print_stdout, reason = "it is a command")]

mod table;

fn main() {
    let wish = std::env::args().nth(1).unwrap_or_default();
    match wish.as_str() {
        "--write" => table::write(),
        "--misses" => table::misses().iter().for_each(|miss| println!("{miss}")),
        _ => println!("{}", table::table()),
    }
}
