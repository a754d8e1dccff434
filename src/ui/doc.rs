//! A page of lines to read: headings, fields, paragraphs, wrapped to a width. For panes and overlays about one thing.

use crate::app::geometry::Area;

use super::{
    canvas::Canvas,
    text::{self, Cut},
    theme::Role,
};

/// One piece of a line.
pub type Span = (String, Role);

/// See the module.
#[derive(Default)]
pub struct Doc {
    width: usize,
    /// Cells of the labels of fields.
    label: usize,
    lines: Vec<Vec<Span>>,
}

impl Doc {
    pub fn new(width: u16, label: usize) -> Self {
        Self { width: usize::from(width), label: label.min(usize::from(width) / 2), lines: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn lines(&self) -> &[Vec<Span>] {
        &self.lines
    }

    pub fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Vec::new());
        }
    }

    pub fn line(&mut self, spans: Vec<Span>) {
        self.lines.push(spans);
    }

    /// Spans two cells apart; those that do not fit any more are left out.
    pub fn row(&mut self, spans: impl IntoIterator<Item = Span>) {
        let mut line: Vec<Span> = Vec::new();
        let mut used = 0;
        for (text, role) in spans.into_iter().filter(|(text, _)| !text.is_empty()) {
            let gap = if line.is_empty() { 0 } else { 2 };
            let wide = text::cells(&text);
            if used + gap + wide > self.width && gap > 0 {
                break;
            }
            line.push((format!("{}{text}", " ".repeat(gap)), role));
            used += gap + wide;
        }
        self.lines.push(line);
    }

    /// Cells of a line.
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.lines.push(vec![(text.to_owned(), Role::Dim)]);
    }

    /// A text over the whole width.
    pub fn text(&mut self, text: &str, role: Role) {
        self.hang(Vec::new(), 0, text, role);
    }

    /// A label and a value that is wrapped beside it. Without a value: nothing.
    pub fn field(&mut self, label: &str, value: &str, role: Role) {
        if !value.is_empty() {
            let lead = text::pad(label, self.label.saturating_sub(1), Cut::End, '~');
            let lead = vec![(lead, Role::Dim), (" ".to_owned(), Role::Dim)];
            // An id that does not fit beside its label does under it: nobody copies one that is in two pieces.
            let wide = text::cells(value);
            if wide > self.width - self.label && wide <= self.width && !value.contains(' ') && !label.is_empty() {
                self.lines.push(lead);
                let indent = 2.min(self.width - wide);
                return self.lines.push(vec![(" ".repeat(indent), role), (value.to_owned(), role)]);
            }
            self.hang(lead, self.label, value, role);
        }
    }

    /// A lead on the first line, and a text wrapped at `indent` beside and below it.
    pub fn hang(&mut self, lead: Vec<Span>, indent: usize, text: &str, role: Role) {
        let used: usize = lead.iter().map(|(text, _)| text::cells(text)).sum();
        let mut lead = Some(lead);
        // A lead that leaves no room has the text below it.
        if used > indent || self.width < indent + 8 {
            self.lines.push(lead.take().unwrap_or_default());
        }
        let indent = if self.width < indent + 8 { 2.min(self.width) } else { indent };
        for line in text::wrap(text, self.width - indent) {
            let mut spans = lead.take().unwrap_or_default();
            let used: usize = spans.iter().map(|(text, _)| text::cells(text)).sum();
            spans.push((" ".repeat(indent.saturating_sub(used)), role));
            spans.push((line, role));
            self.lines.push(spans);
        }
        if let Some(lead) = lead.filter(|lead| !lead.is_empty()) {
            self.lines.push(lead);
        }
    }

    /// Draws from line `scroll` on; scrolling past the end shows the end. Says how much more there is.
    pub fn draw(&self, canvas: &mut Canvas, area: Area, scroll: usize, focused: bool) {
        let height = usize::from(area.height);
        let last = self.lines.len().saturating_sub(height);
        if focused {
            canvas.ends = canvas.ends.max(Some(last));
        }
        let first = scroll.min(last);
        for (row, line) in (0u16..).zip(self.lines.iter().skip(first).take(height)) {
            let mut pen = canvas.pen(area, row);
            for (text, role) in line {
                pen.put(text, *role);
            }
        }
        let below = self.lines.len().saturating_sub(first + height);
        if below > 0 && area.height > 0 {
            let last = Area { y: area.y + area.height - 1, height: 1, ..area };
            canvas.clear(last, Role::Text);
            let more = canvas.words.text("doc.below", &[("count", &(below + 1).to_string())]);
            canvas.pen(last, 0).right(&[(more, if focused { Role::Accent } else { Role::Dim })]);
        }
    }
}
