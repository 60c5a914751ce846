//! Prints what is read of the preview pages given as files: `cargo run -p guesthouse-channels --example read_page -- FILE…`

use guesthouse_channels::page::{self, Reading};

#[expect(clippy::print_stdout, reason = "it is what the program is for")]
fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let html = std::fs::read_to_string(&path)?;
        match page::read(&html) {
            Reading::Page(page) => {
                println!("{path}: {} posts, before {:?}, {:?}", page.posts.len(), page.before, page.channel);
                for post in page.posts {
                    println!("{post:#?}");
                }
            }
            Reading::NoPreview(landing) => println!("{path}: no preview, {landing:?}"),
            Reading::Changed(drift) => println!("{path}: changed: {drift}"),
        }
    }
    Ok(())
}
