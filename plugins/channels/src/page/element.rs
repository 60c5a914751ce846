//! Looking at elements: classes, the text without its indentation, addresses in a style.

use dom_query::NodeRef;

/// Whether it is an element of this class.
pub(super) fn has(node: &NodeRef<'_>, class: &str) -> bool {
    node.has_class(class)
}

/// The first element of this class below a node.
pub(super) fn select_first<'a>(node: &NodeRef<'a>, class: &str) -> Option<NodeRef<'a>> {
    node.descendants_it().find(|below| has(below, class))
}

/// The text below a node, on one line.
pub(super) fn text_of(node: &NodeRef<'_>) -> String {
    let text = node.text();
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The text of the first element of this class below a node, if there is any.
pub(super) fn text_at(node: &NodeRef<'_>, class: &str) -> Option<String> {
    select_first(node, class).map(|found| text_of(&found)).filter(|text| !text.is_empty())
}

/// The address in `background-image:url('…')`: where a page keeps its pictures.
pub(super) fn background(node: &NodeRef<'_>) -> Option<String> {
    let style = node.attr("style")?;
    let (_, rest) = style.split_once("background-image:")?;
    let (_, rest) = rest.split_once("url(")?;
    let (url, _) = rest.split_once(')')?;
    let url = url.trim_matches(['\'', '"']);
    (!url.is_empty()).then(|| super::link::absolute(url)).flatten()
}
