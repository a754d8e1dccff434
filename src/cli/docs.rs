//! What the program says about itself: topics, the manual page, completions. Data, and so on standard output.

use clap_complete::Shell;

use crate::{app::state::Language, ui::catalog::Catalog};

use super::{Exit, Process, args, complain, print};

const ENGLISH: &str = include_str!("../../assets/help/en.md");
const CHINESE: &str = include_str!("../../assets/help/zh-CN.md");

/// The topics of a language, with their texts.
pub(super) fn topics(language: Language) -> Vec<(&'static str, &'static str)> {
    let text = match language {
        Language::English => ENGLISH,
        Language::Chinese => CHINESE,
    };
    let parts = text.split("# ").filter(|part| !part.is_empty());
    parts.filter_map(|part| part.split_once('\n')).map(|(name, text)| (name, text.trim())).collect()
}

/// A topic, or which ones there are.
pub(super) fn help(topic: Option<&str>, language: Language, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let topics = topics(language);
    let names: Vec<&str> = topics.iter().map(|(name, _)| *name).collect();
    let known = names.join(", ");
    match topic {
        None | Some("topics") => {
            print(process, words, &format!("{}\n", words.text("command-line.topics", &[("known", &known)])))
        }
        Some(wanted) => match topics.iter().find(|(name, _)| *name == wanted) {
            Some((_, text)) => print(process, words, &format!("{text}\n")),
            None => {
                let values = [("given", wanted), ("known", &known)];
                complain(process, &words.text("command-line.no-topic", &values), Exit::Usage)
            }
        },
    }
}

/// The manual page of the program, or of one of its commands.
pub(super) fn man(command: Option<&str>, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let whole = args::explained(words);
    let (title, page) = match command {
        None => ("nicdeck".to_owned(), whole),
        Some(wanted) => match whole.find_subcommand(wanted) {
            Some(found) => (format!("nicdeck-{wanted}"), found.clone()),
            None => {
                let known: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
                let known = known.join(", ");
                let values = [("given", wanted), ("known", known.as_str())];
                return complain(process, &words.text("command-line.no-page", &values), Exit::Usage);
            }
        },
    };
    let mut text = Vec::new();
    // Memory takes all of it.
    let _ = clap_mangen::Man::new(page).title(title).render(&mut text);
    print(process, words, &String::from_utf8_lossy(&text))
}

/// A script that completes commands and flags.
pub(super) fn completions(shell: Shell, words: &Catalog, process: &mut Process<'_>) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut args::explained(words), "nicdeck", &mut text);
    print(process, words, &String::from_utf8_lossy(&text))
}
