//! CSV by RFC 4180, as every report writes it.

use std::io::{self, Write};

use crate::domain::clean::clean;

/// One line.
pub(super) fn line(out: &mut dyn Write, cells: &[impl AsRef<str>]) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| field(cell.as_ref())).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// A field, cleaned. What a spreadsheet would take for a formula gets a `'` in front.
pub(super) fn field(text: &str) -> String {
    let text = clean(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text.into_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
