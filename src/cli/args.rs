//! The arguments as clap reads them. The words of choices come from `config`, so that flags, variables and file agree.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use crate::{
    config::{Choice, ColorChoice, Flags, LanguageChoice, LogLevel},
    report::Format,
    simulate::SimulateArgs,
    ui::catalog::Catalog,
};

#[derive(Parser, Debug)]
#[command(
    name = "nicdeck",
    version,
    about = "browse cloud network interfaces, release secondary private IPs and NICs without an accident",
    disable_help_subcommand = true,
    max_term_width = 120
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    /// Read this config instead of the one in the platform's folder
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,

    /// Only this profile; can be given again
    #[arg(long, value_name = "NAME", global = true)]
    profile: Vec<String>,

    /// Only this region; can be given again
    #[arg(long, value_name = "REGION", global = true)]
    region: Vec<String>,

    /// Start with this filter, as typed after `/` in the console
    #[arg(long, value_name = "EXPR", global = true, allow_hyphen_values = true)]
    pub(super) filter: Option<String>,

    /// Change nothing, whatever the config says
    #[arg(long, global = true)]
    readonly: bool,

    /// Addresses that one plan may release at most
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max_per_plan: Option<u32>,

    /// Percent of a profile's secondary addresses that one plan may release at most
    #[arg(long, value_name = "PERCENT", global = true, value_parser = clap::value_parser!(u32).range(1..=100))]
    max_percent: Option<u32>,

    /// Simulated clouds: no network, no credentials, no config
    #[arg(long, global = true, conflicts_with = "config")]
    pub(super) demo: bool,

    /// Language
    #[arg(long, value_name = "LANG", global = true, value_parser = choice::<LanguageChoice>(), ignore_case = true)]
    lang: Option<LanguageChoice>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, value_parser = choice::<ColorChoice>(), ignore_case = true)]
    color: Option<ColorChoice>,

    /// Send calls there: on this machine, or the profile's own endpoint
    #[arg(long, value_name = "URL", global = true, conflicts_with = "demo")]
    endpoint: Option<String>,

    /// Draw lines with ASCII characters
    #[arg(long, global = true)]
    ascii: bool,

    /// Leave the mouse to the terminal, whatever the config says
    #[arg(long, global = true)]
    no_mouse: bool,

    /// How much is written to the log
    #[arg(long, value_name = "LEVEL", global = true, value_parser = choice::<LogLevel>(), ignore_case = true)]
    log_level: Option<LogLevel>,

    /// Write the log into this file instead of the one in the platform's folder
    #[arg(long, value_name = "FILE", global = true)]
    log_file: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Print the inventory
    List {
        /// Form of the output
        #[arg(long, short, value_name = "FORM", default_value = "table", value_parser = format(), ignore_case = true)]
        output: Format,
    },
    /// Make a plan, and put it into a file; sends nothing
    Plan {
        /// Addresses to release: ADDRESS, NIC/ADDRESS or PROFILE/NIC/ADDRESS. Or name them by `--filter`
        #[arg(value_name = "TARGET")]
        targets: Vec<String>,

        /// Detach this NIC; can be given again
        #[arg(long, value_name = "NIC")]
        detach: Vec<String>,

        /// What this batch of the history has not done: its number or its name there
        #[arg(long, value_name = "BATCH")]
        rest: Option<String>,

        /// Where the plan goes; `-` is standard output
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,

        /// Replace a plan that is there; anything else stays as it is
        #[arg(long)]
        force: bool,

        /// Let this address go although something about it is not known, and say why; can be given again
        #[arg(long = "override", value_name = "ADDRESS=REASON")]
        overrides: Vec<String>,

        /// Form of the output
        #[arg(long, value_name = "FORM", default_value = "table", value_parser = format(), ignore_case = true)]
        output: Format,

        /// Exit with 10 where there is something to do, with 0 where there is nothing, with 3 where not all could be read
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Carry out a plan that was approved by its hash
    Apply {
        /// The plan
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// The hash of the plan, as it stands in the file and as `plan` has printed it
        #[arg(long, value_name = "HASH", required_unless_present = "dry_run")]
        approve: Option<String>,

        /// Go all the way to each request, and send none
        #[arg(long)]
        dry_run: bool,

        /// Form of the output
        #[arg(long, value_name = "FORM", default_value = "table", value_parser = format(), ignore_case = true)]
        output: Format,
    },
    /// Make a plan that takes a batch back: each row says that it can be, or why not; sends nothing
    Undo {
        /// The batch: its number or its name in the history
        #[arg(value_name = "BATCH")]
        batch: String,

        /// Where the plan goes, for `apply`; `-` is standard output
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,

        /// Replace a plan that is there; anything else stays as it is
        #[arg(long)]
        force: bool,

        /// Let this address go although something about it is not known, and say why; can be given again
        #[arg(long = "override", value_name = "ADDRESS=REASON")]
        overrides: Vec<String>,

        /// Form of the output
        #[arg(long, value_name = "FORM", default_value = "table", value_parser = format(), ignore_case = true)]
        output: Format,

        /// Exit with 10 where there is something to do, with 0 where there is nothing, with 3 where not all could be read
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Write a batch or the history down for a ticket or a tool; `--filter` narrows the history
    Export {
        /// The batch: its number or its name in the history. Without one: the history
        #[arg(value_name = "BATCH")]
        batch: Option<String>,

        /// Where it goes, a new file; `-` is standard output
        #[arg(id = "export_file", long = "file", short = 'f', value_name = "FILE", default_value = "-")]
        export_file: PathBuf,

        /// Form of the output
        #[arg(long, short, value_name = "FORM", default_value = "md", value_parser = format(), ignore_case = true)]
        output: Format,
    },
    /// Look whether each profile would work: keys, clock, reach, permissions; calls nothing that changes anything
    Doctor {
        /// Form of the output
        #[arg(long, short, value_name = "FORM", default_value = "table", value_parser = ["table", "json"], ignore_case = true)]
        output: String,
    },
    /// Show what was done, newest first; `--filter` takes who:, after:, ip:, nic:, act:, result: and the like
    History {
        #[command(subcommand)]
        command: Option<HistoryCommand>,

        /// Form of the output
        #[arg(long, short, value_name = "FORM", default_value = "table", value_parser = format(), ignore_case = true)]
        output: Format,

        /// Show at most so many batches
        #[arg(long, value_name = "N", default_value_t = 50)]
        most: usize,
    },
    /// Serve simulated clouds on this machine until Ctrl-C; prints a line of JSON for each: endpoint, key, region
    Simulate(SimulateArgs),
    /// Explain a topic: filter, plan, export, undo, credentials, exit-codes, json, keys, log
    Help {
        /// Which one; without it, which there are
        topic: Option<String>,
    },
    /// Print a script that completes commands and flags in a shell
    Completions {
        /// Shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Of this command
        #[arg(value_name = "COMMAND")]
        of: Option<String>,
    },
    /// Show where the config is, an example of one, or what is wrong with it
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

impl Command {
    /// It reads the config, at least for the keys that its sentences name.
    pub(super) fn asks_config(&self) -> bool {
        match self {
            Command::Simulate(_) | Command::Help { .. } | Command::Completions { .. } | Command::Man { .. } => false,
            Command::Config { command } => matches!(command, ConfigCommand::Check),
            _ => true,
        }
    }

    /// It has to do with clouds, and so with the log.
    pub(super) fn asks_clouds(&self) -> bool {
        matches!(
            self,
            Command::List { .. }
                | Command::Plan { .. }
                | Command::Apply { .. }
                | Command::Undo { .. }
                | Command::Doctor { .. }
        )
    }
}

#[derive(Subcommand, Debug)]
pub(super) enum HistoryCommand {
    /// Check that no line of the journal was changed, put in or taken out
    Verify,
}

#[derive(Subcommand, Debug)]
pub(super) enum ConfigCommand {
    /// Print the path of the config, whether it exists or not
    Path,
    /// Write a config that explains every key where the config goes; one that is there stays as it is
    Init,
    /// Print a config that explains every key
    Example,
    /// Check the config and the variables it names, without calling a cloud
    Check,
}

/// Reads the arguments; help is in these words. Flags of the console are not shown where they mean nothing.
pub(super) fn parse(args: &[OsString], words: &Catalog) -> Result<Args, clap::Error> {
    let matches = explained(words).try_get_matches_from(args)?;
    Args::from_arg_matches(&matches)
}

/// The commands with all their flags, explained in these words.
pub(super) fn explained(words: &Catalog) -> clap::Command {
    told(command(), words, true)
}

/// The commands with all their flags.
pub(super) fn command() -> clap::Command {
    let mut command = Args::command();
    // Flags that hold everywhere are handed down to the subcommands here.
    command.build();
    let without = |command: clap::Command, least: &'static [&'static str]| {
        command.mut_args(|arg| {
            let of_console = OF_CONSOLE.contains(&arg.get_id().as_str()) && !least.contains(&arg.get_id().as_str());
            arg.hide(of_console)
        })
    };
    let mut command = command.mut_subcommand("simulate", |simulate| without(simulate, &[]));
    for name in ["help", "completions", "man"] {
        command = command.mut_subcommand(name, |sub| without(sub, &["lang"]));
    }
    command
}

/// The command and those below it, explained in these words.
fn told(command: clap::Command, words: &Catalog, top: bool) -> clap::Command {
    let word = |key: &str| words.find(key).unwrap_or_default().to_owned();
    let usage = format!("{}{{usage}}\n\n{{all-args}}", word("cli.usage"));
    let template = if top {
        format!("{{name}} {{version}}{}{{about}}\n\n{{before-help}}{usage}{{after-help}}", word("cli.colon"))
    } else {
        format!("{{about}}\n\n{usage}")
    };
    let about = word(&format!("cli.about.{}", command.get_name()));
    // clap keeps headings for as long as the program runs; the arguments are read once.
    let (options, commands): (&'static str, &'static str) = (word("cli.options").leak(), word("cli.commands").leak());
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command.about(about).help_template(template).subcommand_help_heading(commands).mut_args(|arg| {
        let help = word(&format!("cli.flag.{}", arg.get_id()));
        arg.help(help).help_heading(options)
    });
    if top {
        command = command.before_help(word("cli.examples")).after_help(word("cli.exit-codes"));
    }
    names.iter().fold(command, |command, name| command.mut_subcommand(name, |sub| told(sub, words, false)))
}

/// Flags that `simulate` has no use for.
const OF_CONSOLE: &[&str] = &[
    "config",
    "profile",
    "region",
    "filter",
    "readonly",
    "max_per_plan",
    "max_percent",
    "endpoint",
    "demo",
    "lang",
    "color",
    "ascii",
    "no_mouse",
    "log_level",
    "log_file",
];

impl Args {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            profiles: self.profile.clone(),
            regions: self.region.clone(),
            readonly: self.readonly,
            language: self.lang,
            color: self.color,
            ascii: self.ascii,
            no_mouse: self.no_mouse,
            max_per_plan: self.max_per_plan.map(|number| number as usize),
            max_percent: self.max_percent.map(|number| number as usize),
            endpoint: self.endpoint.clone(),
            log_level: self.log_level,
            log_file: self.log_file.clone(),
        }
    }
}

fn choice<T: Choice>() -> impl TypedValueParser<Value = T> {
    let aliases = |meaning: T| T::ALSO.iter().filter(move |(_, also)| *also == meaning).map(|(word, _)| *word);
    let words = T::ALL.iter().map(move |(word, meaning)| PossibleValue::new(*word).aliases(aliases(*meaning)));
    // The parser lets only words of the list pass.
    PossibleValuesParser::new(words).try_map(|word| T::read("", &word).map_err(|kind| kind.key()))
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["table", "json", "csv", "md"]).map(|word| match word.to_lowercase().as_str() {
        "json" => Format::Json,
        "csv" => Format::Csv,
        "md" => Format::Markdown,
        _ => Format::Table,
    })
}
