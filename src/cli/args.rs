//! The arguments as clap reads them. The words of choices come from `config`, so that flags, variables and file agree.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use crate::{
    config::{Choice, ColorChoice, Flags, LanguageChoice},
    report::Format,
    simulate::SimulateArgs,
};

const EXAMPLES: &str = "\
Examples:
  nicdeck --demo                                    try everything on simulated clouds
  nicdeck                                           open the console on the profiles of the config
  nicdeck --profile prod-hz --readonly              look at one account, change nothing
  nicdeck list --filter 'has:eip' --output json     print the inventory
  nicdeck simulate --instances 1000                 serve simulated clouds to your own scripts
  nicdeck config example > config.toml              start a config; `nicdeck config path` says where it goes";

const TEMPLATE: &str = "\
{name} {version}: {about}

{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failure, 2 wrong usage, config or filter, 3 partly done, 4 refused, 5 credentials or permission,
6 cancelled, 7 plan stale, 130 interrupted, 143 terminated";

#[derive(Parser, Debug)]
#[command(
    name = "nicdeck",
    version,
    about = "browse cloud network interfaces, release secondary private IPs and NICs without an accident",
    before_help = EXAMPLES,
    after_help = EXIT_CODES,
    help_template = TEMPLATE,
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

    /// Simulated clouds: no network, no credentials, no config
    #[arg(long, global = true, conflicts_with = "config")]
    pub(super) demo: bool,

    /// Language
    #[arg(long, value_name = "LANG", global = true, value_parser = choice::<LanguageChoice>(), ignore_case = true)]
    lang: Option<LanguageChoice>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, value_parser = choice::<ColorChoice>(), ignore_case = true)]
    color: Option<ColorChoice>,

    /// Draw lines with ASCII characters
    #[arg(long, global = true)]
    ascii: bool,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Print the inventory
    List {
        /// Form of the output
        #[arg(long, short, value_name = "FORM", default_value = "table", value_parser = format(), ignore_case = true)]
        output: Format,
    },
    /// Serve simulated clouds on this machine until Ctrl-C; prints a line of JSON for each: endpoint, key, region
    Simulate(SimulateArgs),
    /// Show where the config is, an example of one, or what is wrong with it
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand, Debug)]
pub(super) enum ConfigCommand {
    /// Print the path of the config, whether it exists or not
    Path,
    /// Print a config that explains every key
    Example,
    /// Check the config and the variables it names, without calling a cloud
    Check,
}

/// Reads the arguments. Flags of the console are not shown where they mean nothing.
pub(super) fn parse(args: &[OsString]) -> Result<Args, clap::Error> {
    let mut command = Args::command();
    // Flags that hold everywhere are handed down to the subcommands here.
    command.build();
    let command = command.mut_subcommand("simulate", |simulate| {
        simulate.mut_args(|arg| {
            let of_console = OF_CONSOLE.contains(&arg.get_id().as_str());
            arg.hide(of_console)
        })
    });
    let matches = command.try_get_matches_from(args)?;
    Args::from_arg_matches(&matches)
}

/// Flags that `simulate` has no use for.
const OF_CONSOLE: &[&str] = &["config", "profile", "region", "filter", "readonly", "demo", "lang", "color", "ascii"];

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
        }
    }
}

fn choice<T: Choice>() -> impl TypedValueParser<Value = T> {
    let aliases = |meaning: T| T::ALSO.iter().filter(move |(_, also)| *also == meaning).map(|(word, _)| *word);
    let words = T::ALL.iter().map(move |(word, meaning)| PossibleValue::new(*word).aliases(aliases(*meaning)));
    // The parser lets only words of the list pass.
    PossibleValuesParser::new(words).try_map(|word| T::read("", &word).map_err(|kind| kind.to_string()))
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["table", "json", "csv", "md"]).map(|word| match word.to_lowercase().as_str() {
        "json" => Format::Json,
        "csv" => Format::Csv,
        "md" => Format::Markdown,
        _ => Format::Table,
    })
}
