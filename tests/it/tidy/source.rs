//! Rust source as the tidy checks see it: without comments and strings, product code told from test code, and every path
//! that is written in it resolved to where it leads. A scanner over tokens, no parser: it knows as much of the language as
//! the checks need.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

/// One file.
pub struct Source {
    /// From the top of the project, with `/`.
    pub path: String,
    pub raw: String,
    /// `raw` with comments and the insides of strings blanked; same length, same lines.
    code: String,
    /// The module it is, from the crate's root.
    module: Vec<String>,
    /// Parts that are compiled for tests only.
    tests: Vec<Range<usize>>,
}

/// A path as written, resolved as far as a scanner can: `crate`, `self` and `super` are gone.
pub struct Reference {
    pub line: usize,
    /// The module that says it.
    pub from: Vec<String>,
    pub to: Vec<String>,
    /// Within this crate (`false`: a crate, a type, or something that was imported).
    pub own: bool,
    pub in_test: bool,
}

impl Source {
    pub fn new(path: &str, raw: &str) -> Self {
        let code = blank(raw);
        let whole = path.starts_with("tests/")
            || path.starts_with("benches/")
            || path.ends_with("/tests.rs")
            || path.contains("/tests/");
        let tests = if whole { std::iter::once(0..code.len().max(1)).collect() } else { test_blocks(&code) };
        Self { path: path.to_owned(), raw: raw.to_owned(), code, module: module_of(path), tests }
    }

    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// Lines of product code with their numbers; those of the raw text, comments and strings included.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        self.raw.split_inclusive('\n').zip(1..).filter_map(move |(line, number)| {
            let start = at;
            at += line.len();
            (!self.is_test(start)).then_some((number, line))
        })
    }

    /// Places of an identifier, with what comes right behind it.
    pub fn identifiers(&self) -> impl Iterator<Item = (usize, &str, &str)> {
        tokens(&self.code).into_iter().filter(|token| is_name(token.text)).map(|token| {
            let behind = self.code[token.at + token.text.len()..].trim_start();
            (token.at, token.text, behind)
        })
    }

    pub fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Whether an attribute of that name is anywhere in the code.
    pub fn has_attribute(&self, name: &str) -> bool {
        let squeezed: String = self.code.split_whitespace().collect();
        squeezed.contains(&format!("#[{name}]")) || squeezed.contains(&format!("#[{name}="))
    }

    /// Every path in the code.
    pub fn references(&self) -> Vec<Reference> {
        let tokens = tokens(&self.code);
        let mut found = Vec::new();
        let mut modules: Vec<(usize, String)> = Vec::new();
        let (mut depth, mut place) = (0usize, 0);
        while place < tokens.len() {
            let token = &tokens[place];
            let next = |ahead: usize| tokens.get(place + ahead).map_or("", |token| token.text);
            match token.text {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    modules.retain(|(opened, _)| *opened < depth + 1);
                }
                "mod" if next(2) == "{" => modules.push((depth + 1, next(1).to_owned())),
                name if is_name(name) && next(1) == "::" => {
                    let mut paths = Vec::new();
                    let end = tree(&tokens, place, &[], &mut paths);
                    let from: Vec<String> =
                        self.module.iter().cloned().chain(modules.iter().map(|(_, name)| name.clone())).collect();
                    for (at, path) in paths {
                        let (to, own) = resolve(&from, path);
                        let (line, in_test) = (self.line(at), self.is_test(at));
                        found.push(Reference { line, from: from.clone(), to, own, in_test });
                    }
                    place = end;
                    continue;
                }
                _ => {}
            }
            place += 1;
        }
        found
    }
}

/// The Rust files below a folder of the project.
pub fn sources(folder: &str) -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&top.join(folder), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/");
            Source::new(&path, &fs::read_to_string(&file).unwrap())
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn module_of(path: &str) -> Vec<String> {
    let Some(inner) = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else { return Vec::new() };
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// `crate::a::b` from anywhere, `super::c` and `self::d` from `from`; the library's name is the crate as `main` sees it.
fn resolve(from: &[String], path: Vec<String>) -> (Vec<String>, bool) {
    let mut rest = path.iter();
    let mut base = match path[0].as_str() {
        "crate" | "nicdeck" => {
            rest.next();
            Vec::new()
        }
        "self" => {
            rest.next();
            from.to_vec()
        }
        "super" => from.to_vec(),
        _ => return (path, false),
    };
    let mut rest = rest.peekable();
    while rest.next_if(|part| *part == "super").is_some() {
        base.pop();
    }
    base.extend(rest.cloned());
    (base, true)
}

/// Reads the path that starts at `place`, with all branches of its braces. Returns the first token behind it.
fn tree(tokens: &[Token<'_>], mut place: usize, prefix: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let text = |place: usize| tokens.get(place).map_or("", |token| token.text);
    let at = tokens[place].at;
    let mut path = prefix.to_vec();
    loop {
        match text(place) {
            "{" => {
                place += 1;
                while !matches!(text(place), "}" | "") {
                    place = match text(place) {
                        "as" => place + 2,
                        "*" | "{" => tree(tokens, place, &path, found),
                        name if is_name(name) => tree(tokens, place, &path, found),
                        _ => place + 1,
                    };
                }
                return place + 1;
            }
            "*" => {
                found.push((at, path));
                return place + 1;
            }
            // `use a::{self, b}`
            "self" if !path.is_empty() => {}
            name if is_name(name) => path.push(name.to_owned()),
            _ => {
                found.push((at, path));
                return place;
            }
        }
        place += 1;
        if text(place) != "::" {
            found.push((at, path));
            return place;
        }
        place += 1;
    }
}

struct Token<'a> {
    at: usize,
    text: &'a str,
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut chars = code.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut end = at + c.len_utf8();
        if c.is_alphanumeric() || c == '_' {
            while let Some((next, c)) = chars.next_if(|(_, c)| c.is_alphanumeric() || *c == '_') {
                end = next + c.len_utf8();
            }
        } else if c == ':' && chars.next_if(|(_, c)| *c == ':').is_some() {
            end += 1;
        }
        found.push(Token { at, text: &code[at..end] });
    }
    found
}

/// Ranges of `#[cfg(test)]` items: up to the end of their block, or to the `;`.
fn test_blocks(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in code.match_indices(MARK) {
        let mut depth = 0;
        let end = code[start + MARK.len()..].char_indices().find_map(|(at, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ';' if depth == 0 => return Some(at),
                _ => {}
            }
            (c == '}' && depth == 0).then_some(at)
        });
        found.push(start..end.map_or(code.len(), |end| start + MARK.len() + end + 1));
    }
    found
}

/// Blanks comments and the insides of strings and characters, byte by byte, so that every place stays where it is.
fn blank(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut out = bytes.to_vec();
    let wipe = |out: &mut Vec<u8>, range: Range<usize>| {
        for byte in &mut out[range] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let find = |from: usize, what: &str| raw[from..].find(what).map_or(raw.len(), |at| from + at);
    let mut place = 0;
    while place < bytes.len() {
        let rest = &bytes[place..];
        let word_before = place > 0 && (bytes[place - 1].is_ascii_alphanumeric() || bytes[place - 1] == b'_');
        if rest.starts_with(b"//") {
            let end = find(place, "\n");
            wipe(&mut out, place..end);
            place = end;
        } else if rest.starts_with(b"/*") {
            let mut end = place + 2;
            let mut depth = 1;
            while depth > 0 && end < bytes.len() {
                match &bytes[end..bytes.len().min(end + 2)] {
                    b"/*" => (depth, end) = (depth + 1, end + 2),
                    b"*/" => (depth, end) = (depth - 1, end + 2),
                    _ => end += 1,
                }
            }
            wipe(&mut out, place..end);
            place = end;
        } else if let Some(hashes) = raw_string(rest).filter(|_| !word_before || rest[0] == b'"') {
            let open = place + rest.iter().position(|&byte| byte == b'"').unwrap_or(0) + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            let end = find(open, &close);
            wipe(&mut out, open..end);
            place = (end + close.len()).min(bytes.len());
        } else if rest[0] == b'"' {
            let mut end = place + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let end = end.min(bytes.len());
            wipe(&mut out, place + 1..end);
            place = end + 1;
        } else if rest[0] == b'\'' {
            // A lifetime has no closing quote right behind its first character.
            let end = match raw[place + 1..].chars().next() {
                Some('\\') => Some(find(place + 3, "'")),
                Some(c) if raw[place + 1 + c.len_utf8()..].starts_with('\'') => Some(place + 1 + c.len_utf8()),
                _ => None,
            };
            match end {
                Some(end) => {
                    wipe(&mut out, place + 1..end.min(bytes.len()));
                    place = end + 1;
                }
                None => place += 1,
            }
        } else {
            place += 1;
        }
    }
    String::from_utf8(out).expect("only whole characters are blanked")
}

/// Hashes of a raw string that starts here.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let rest = rest.strip_prefix(b"b").unwrap_or(rest).strip_prefix(b"r")?;
    let hashes = rest.iter().take_while(|&&byte| byte == b'#').count();
    (rest.get(hashes) == Some(&b'"')).then_some(hashes)
}

mod tests {
    use super::*;

    fn paths(path: &str, code: &str) -> Vec<String> {
        let one = |reference: Reference| format!("{}{}", if reference.own { "~" } else { "" }, reference.to.join("::"));
        Source::new(path, code).references().into_iter().map(one).collect()
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        let raw = "a::b; // c::d\n/* e::f /* g::h */ i::j */ \"k::l \\\" m::n\" r#\"o::p \" q::r\"# 's' '\\'' 'x: y::z";
        assert_eq!(paths("src/a.rs", raw), ["a::b", "y::z"]);
        let source = Source::new("src/a.rs", "\"网::x\" // 络\nlet c = '网';\nb::c");
        assert_eq!(source.references()[0].line, 3);
        assert_eq!(source.code.len(), source.raw.len());
    }

    #[test]
    fn paths_are_resolved_with_all_their_branches() {
        let code = "use crate::{a::{b, c::{self, d}}, e::*, f as g};\nuse super::{h, super::i};\nself::j::k();\n\
                    use std::{fs, time::Instant};\nlet x = crate::l::M { n: 1 };";
        assert_eq!(
            paths("src/p/q.rs", code),
            [
                "~a::b",
                "~a::c",
                "~a::c::d",
                "~e",
                "~f",
                "~p::h",
                "~i",
                "~p::q::j::k",
                "std::fs",
                "std::time::Instant",
                "~l::M"
            ]
        );
        assert_eq!(paths("src/p/mod.rs", "use super::x::y;"), ["~x::y"]);
        assert_eq!(paths("src/main.rs", "use nicdeck::cli::{self, Exit};"), ["~cli", "~cli::Exit"]);
        assert_eq!(paths("src/p/q.rs", "mod t { use super::x::y; } use super::z::w;"), ["~p::q::x::y", "~p::z::w"]);
    }

    #[test]
    fn test_code_is_told_from_product_code() {
        let code = "a::b;\n#[cfg(test)]\nmod tests {\n fn x() { c::d; }\n}\ne::f;\n#[cfg(test)]\nmod other;\ng::h;";
        let source = Source::new("src/p.rs", code);
        let product: Vec<_> =
            source.references().into_iter().filter(|reference| !reference.in_test).map(|r| r.to.join("::")).collect();
        assert_eq!(product, ["a::b", "e::f", "g::h"]);
        assert_eq!(source.product_lines().map(|(number, _)| number).collect::<Vec<_>>(), [1, 6, 9]);
        assert!(Source::new("src/p/tests.rs", "a::b").is_test(0));
    }

    #[test]
    fn attributes_and_identifiers_are_found() {
        let source = Source::new("tests/a.rs", "#[ignore]\nfn f() { println ! (\"x\"); } // #[should_panic]");
        assert!(source.has_attribute("ignore") && !source.has_attribute("should_panic"));
        assert!(source.identifiers().any(|(_, name, behind)| name == "println" && behind.starts_with('!')));
    }
}
