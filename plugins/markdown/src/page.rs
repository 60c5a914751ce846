//! From events of the parser to a text, block by block.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::text::{Kind, Text};

/// Widest column of a table, in characters; a wider cell pushes the rest of its row.
const WIDEST: usize = 24;

/// Renders a text.
pub(crate) fn render(markdown: &str) -> Text {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page::default();
    for event in Parser::new_ext(markdown, options) {
        page.take(event);
    }
    page.finish()
}

/// What is open around the present place: how it began, and what it becomes.
enum Open {
    Styled(Kind),
    Item,
}

#[derive(Default)]
struct Page {
    /// Finished text, and one text for everything that is open.
    texts: Vec<Text>,
    open: Vec<Open>,
    /// The lists around: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    table: Option<Vec<Vec<String>>>,
    /// Whether the next block is kept apart by an empty line.
    apart: bool,
}

impl Page {
    fn top(&mut self) -> &mut Text {
        if self.texts.is_empty() {
            self.texts.push(Text::default());
        }
        self.texts.last_mut().expect("there is one now")
    }

    fn add(&mut self, text: impl Into<Text>) {
        if let Some(table) = &mut self.table {
            // Formats within a table would not keep the columns in line.
            if let Some(cell) = table.last_mut().and_then(|row| row.last_mut()) {
                cell.push_str(&text.into().content);
            }
            return;
        }
        let top = std::mem::take(self.top());
        *self.top() = top.plain(text);
    }

    /// Begins a block: on a line of its own, apart from the one before.
    fn block(&mut self) {
        let apart = std::mem::take(&mut self.apart);
        let gap = match (self.top().content.as_str(), apart) {
            ("", _) => "",
            (content, false) if content.ends_with('\n') => "",
            (content, true) if content.ends_with("\n\n") => "",
            (content, true) if content.ends_with('\n') => "\n",
            (_, false) => "\n",
            (_, true) => "\n\n",
        };
        self.add(gap);
    }

    fn begin(&mut self, open: Open) {
        self.top();
        self.open.push(open);
        self.texts.push(Text::default());
    }

    fn end(&mut self) {
        let (Some(open), Some(text)) = (self.open.pop(), self.texts.pop()) else { return };
        match open {
            Open::Styled(kind) => {
                let text = text.trimmed();
                self.add(Text::default().styled(kind, text));
            }
            Open::Item => self.add(text.trimmed()),
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.stop(tag),
            Event::Text(text) => self.add(&*text),
            Event::Code(code) => match self.table {
                Some(_) => self.add(&*code),
                None => self.add(Text::default().styled(Kind::Code, &*code)),
            },
            Event::SoftBreak | Event::HardBreak => self.add("\n"),
            Event::Rule => {
                self.block();
                self.add("———");
                self.apart = true;
            }
            Event::TaskListMarker(done) => self.add(if done { "☑ " } else { "☐ " }),
            // Nobody sees HTML in a chat but as what it is.
            Event::Html(html) | Event::InlineHtml(html) => self.add(&*html),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.add(&*text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph if self.lists.is_empty() || self.apart => self.block(),
            Tag::Heading { .. } => {
                self.block();
                self.begin(Open::Styled(Kind::Bold));
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.begin(Open::Styled(Kind::Blockquote));
            }
            Tag::CodeBlock(kind) => {
                self.block();
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.split_whitespace().next().map(str::to_owned),
                    CodeBlockKind::Indented => None,
                };
                self.begin(Open::Styled(Kind::Pre(language)));
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
                let depth = self.lists.len().saturating_sub(1);
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                self.add(format!("{}{mark}", "   ".repeat(depth)));
                self.begin(Open::Item);
            }
            Tag::Emphasis if self.table.is_none() => self.begin(Open::Styled(Kind::Italic)),
            Tag::Strong if self.table.is_none() => self.begin(Open::Styled(Kind::Bold)),
            Tag::Strikethrough if self.table.is_none() => self.begin(Open::Styled(Kind::Strikethrough)),
            Tag::Link { dest_url, .. } if self.table.is_none() => {
                // Telegram makes links of these alone; anything else is shown as it is written.
                let is_web = ["http://", "https://", "tg://"].iter().any(|scheme| dest_url.starts_with(scheme));
                self.begin(if is_web { Open::Styled(Kind::TextLink(dest_url.into())) } else { Open::Item });
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
                self.end();
                self.apart = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.apart = self.lists.is_empty();
            }
            TagEnd::Item => self.end(),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link if self.table.is_none() => {
                self.end();
            }
            TagEnd::Table => {
                let table = self.table.take().unwrap_or_default();
                self.add(Text::default().styled(Kind::Pre(None), in_line(&table)));
                self.apart = true;
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Text {
        while !self.open.is_empty() {
            self.end();
        }
        self.texts.pop().unwrap_or_default().trimmed()
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
