//! From events of the parser to a text, block by block.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::text::{Kind, Text, Writing};

/// Widest column of a table, in characters; a wider cell pushes the rest of its row.
const WIDEST: usize = 24;

/// Deepest item of a list that is moved in further than the one around it.
const DEEPEST: usize = 8;

/// Renders a text, and goes no further once the outcome has more than so many UTF-16 units.
pub(crate) fn render(markdown: &str, most: u32) -> Text {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page::default();
    for event in Parser::new_ext(markdown, options) {
        page.take(event);
        if page.text.units() > most {
            break;
        }
    }
    page.finish()
}

/// What is open around the present place: what it becomes, and where it began.
struct Open {
    /// A format, by its place among all; an item of a list is none.
    mark: Option<usize>,
    start: usize,
}

/// Written from front to back: whatever is nested how deeply, nothing is moved or counted twice.
#[derive(Default)]
struct Page {
    text: Writing,
    open: Vec<Open>,
    /// The lists around: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    table: Option<Vec<Vec<String>>>,
    /// Whether the next block is kept apart by an empty line.
    apart: bool,
}

impl Page {
    fn add(&mut self, text: &str) {
        match &mut self.table {
            // Formats within a table would not keep the columns in line.
            Some(table) => {
                if let Some(cell) = table.last_mut().and_then(|row| row.last_mut()) {
                    cell.push_str(text);
                }
            }
            None => self.text.push(text),
        }
    }

    /// Adds a text, all of which is of one kind.
    fn add_styled(&mut self, kind: Kind, text: &str) {
        self.begin(Some(kind));
        self.text.push(text);
        self.end(false);
    }

    /// Begins a block: on a line of its own, apart from the one before.
    fn block(&mut self) {
        let apart = std::mem::take(&mut self.apart);
        let start = self.open.last().map_or(0, |open| open.start);
        let gap = match (&self.text.content()[start..], apart) {
            ("", _) => "",
            (content, false) if content.ends_with('\n') => "",
            (content, true) if content.ends_with("\n\n") => "",
            (content, true) if content.ends_with('\n') => "\n",
            (_, false) => "\n",
            (_, true) => "\n\n",
        };
        self.add(gap);
    }

    fn begin(&mut self, kind: Option<Kind>) {
        let mark = kind.map(|kind| self.text.begin(kind));
        self.open.push(Open { mark, start: self.text.content().len() });
    }

    /// Ends what was begun last, without the white space at its end.
    fn end(&mut self, trims: bool) {
        let Some(open) = self.open.pop() else { return };
        if trims {
            self.text.trim(open.start);
        }
        if let Some(mark) = open.mark {
            self.text.end(mark);
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.stop(tag),
            Event::Text(text) => self.add(&text),
            Event::Code(code) => match self.table {
                Some(_) => self.add(&code),
                None => self.add_styled(Kind::Code, &code),
            },
            Event::SoftBreak | Event::HardBreak => self.add("\n"),
            Event::Rule => {
                self.block();
                self.add("———");
                self.apart = true;
            }
            Event::TaskListMarker(done) => self.add(if done { "☑ " } else { "☐ " }),
            // Nobody sees HTML in a chat but as what it is.
            Event::Html(html) | Event::InlineHtml(html) => self.add(&html),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.add(&text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph if self.lists.is_empty() || self.apart => self.block(),
            Tag::Heading { .. } => {
                self.block();
                self.begin(Some(Kind::Bold));
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.begin(Some(Kind::Blockquote));
            }
            Tag::CodeBlock(kind) => {
                self.block();
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.split_whitespace().next().map(str::to_owned),
                    CodeBlockKind::Indented => None,
                };
                self.begin(Some(Kind::Pre(language)));
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.block();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.apart = false;
                self.block();
                let depth = self.lists.len().saturating_sub(1).min(DEEPEST);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                self.add(&format!("{}{mark}", "   ".repeat(depth)));
                self.begin(None);
            }
            Tag::Emphasis if self.table.is_none() => self.begin(Some(Kind::Italic)),
            Tag::Strong if self.table.is_none() => self.begin(Some(Kind::Bold)),
            Tag::Strikethrough if self.table.is_none() => self.begin(Some(Kind::Strikethrough)),
            Tag::Link { dest_url, .. } if self.table.is_none() => {
                // Telegram makes links of these alone; anything else is shown as it is written.
                let is_web = ["http://", "https://", "tg://"].iter().any(|scheme| dest_url.starts_with(scheme));
                self.begin(is_web.then(|| Kind::TextLink(dest_url.into())));
            }
            Tag::Table(_) => {
                self.block();
                self.table = Some(Vec::new());
            }
            Tag::TableHead | Tag::TableRow => self.table.iter_mut().for_each(|table| table.push(Vec::new())),
            Tag::TableCell => {
                self.table.iter_mut().filter_map(|table| table.last_mut()).for_each(|row| row.push(String::new()));
            }
            _ => {}
        }
    }

    fn stop(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.apart = true,
            TagEnd::Heading(_) | TagEnd::BlockQuote(_) | TagEnd::CodeBlock => {
                self.end(true);
                self.apart = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.apart = self.lists.is_empty();
            }
            TagEnd::Item => self.end(true),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link if self.table.is_none() => {
                self.end(true);
            }
            TagEnd::Table => {
                let table = self.table.take().unwrap_or_default();
                self.add_styled(Kind::Pre(None), &in_line(&table));
                self.apart = true;
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Text {
        while !self.open.is_empty() {
            self.end(true);
        }
        self.text.trim(0);
        self.text.finish()
    }
}

/// The rows of a table with their columns in line, the first one underlined.
fn in_line(table: &[Vec<String>]) -> String {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column)).map(|cell| cell.trim().chars().count());
        cells.max().unwrap_or(0).min(WIDEST)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut lines: Vec<String> = Vec::with_capacity(table.len() + 1);
    for (index, row) in table.iter().enumerate() {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", cell.trim()));
        lines.push(cells.collect::<Vec<_>>().join(" │ ").trim_end().to_owned());
        if index == 0 {
            lines.push(widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("─┼─"));
        }
    }
    lines.join("\n")
}
