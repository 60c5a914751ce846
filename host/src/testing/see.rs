//! A message as a person sees it, as text. Pure.

use serde_json::Value;

/// A message as a person sees it: text with marks for its formatting, what hangs on it, its buttons.
pub fn render(message: &Value) -> String {
    if message["deleted"] == true {
        return "(deleted)".into();
    }
    let mut lines = Vec::new();
    if message["edit_date"].is_number() {
        lines.push("(edited)".to_owned());
    }
    if let Some(sizes) = message["photo"].as_array() {
        let largest = sizes.last().expect("a size");
        lines.push(format!("[photo {}x{}]", largest["width"], largest["height"]));
    }
    if let Some(document) = message["document"].as_object() {
        lines.push(format!("[document {}]", document["file_name"].as_str().unwrap_or("unnamed")));
    }
    for kind in ["location", "contact"] {
        if message[kind].is_object() {
            lines.push(format!("[{kind} {}]", message[kind]));
        }
    }
    for (text, entities) in [("text", "entities"), ("caption", "caption_entities")] {
        if let Some(text) = message[text].as_str() {
            lines.push(marked(text, message[entities].as_array().map_or(&[], Vec::as_slice)));
        }
    }
    let markup = &message["reply_markup"];
    for row in markup["inline_keyboard"].as_array().unwrap_or(&Vec::new()) {
        let keys = row.as_array().expect("a row").iter().map(|key| {
            let label = key["text"].as_str().expect("a label");
            match key["url"].as_str() {
                Some(url) => format!("[{label} -> {url}]"),
                None => format!("[{label}]"),
            }
        });
        lines.push(keys.collect::<Vec<_>>().join(" "));
    }
    for row in markup["keyboard"].as_array().unwrap_or(&Vec::new()) {
        let keys = row.as_array().expect("a row").iter();
        lines.push(
            keys.map(|key| format!("<{}>", key["text"].as_str().unwrap_or_default())).collect::<Vec<_>>().join(" "),
        );
    }
    lines.join("\n")
}

pub(super) fn render_all(messages: &[Value]) -> String {
    messages.iter().map(render).collect::<Vec<_>>().join("\n---\n")
}

/// The text with its formatting written out: `*bold*`, `_italic_`, `` `code` ``, `text<link>`.
fn marked(text: &str, entities: &[Value]) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut marks: Vec<(usize, i8, String)> = Vec::new();
    for entity in entities {
        let from = entity["offset"].as_u64().expect("an offset") as usize;
        let to = from + entity["length"].as_u64().expect("a length") as usize;
        let (open, close) = match entity["type"].as_str().expect("a type") {
            "bold" => ("*".into(), "*".into()),
            "italic" => ("_".into(), "_".into()),
            "underline" => ("__".into(), "__".into()),
            "strikethrough" => ("~".into(), "~".into()),
            "spoiler" => ("||".into(), "||".into()),
            "code" => ("`".into(), "`".into()),
            "pre" => ("```".into(), "```".into()),
            "blockquote" | "expandable_blockquote" => (">".into(), "<".into()),
            "text_link" => (String::new(), format!("<{}>", entity["url"].as_str().unwrap_or_default())),
            _ => continue,
        };
        marks.push((from, 1, open));
        marks.push((to, -1, close));
    }
    // Closing marks come before opening ones at the same place.
    marks.sort_by_key(|(at, side, _)| (*at, *side));
    let mut marked = String::new();
    let mut done = 0;
    for (at, _, mark) in marks {
        marked.push_str(&String::from_utf16_lossy(&units[done..at]));
        marked.push_str(&mark);
        done = at;
    }
    marked.push_str(&String::from_utf16_lossy(&units[done..]));
    marked
}
