use std::{cell::RefCell, collections::BTreeMap, fs, path::PathBuf};

use super::*;

/// A run of the command line in a world of its own.
struct Run {
    folder: tempfile::TempDir,
    vars: BTreeMap<&'static str, String>,
    terminal: bool,
}

/// What came of it.
#[derive(Debug, PartialEq)]
struct Ran {
    exit: Exit,
    out: String,
    err: String,
    /// What was started, in words.
    started: Option<String>,
}

impl Run {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), vars: BTreeMap::new(), terminal: true }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    fn config(self, text: &str) -> Self {
        fs::write(self.path(), text).unwrap();
        self
    }

    fn piped(mut self) -> Self {
        self.terminal = false;
        self
    }

    fn var(mut self, name: &'static str, value: &str) -> Self {
        self.vars.insert(name, value.to_owned());
        self
    }

    fn run(&self, args: &str) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let (exit, started) = self.run_into(args, &mut out, &mut err);
        Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), started }
    }

    fn run_into(&self, args: &str, out: &mut dyn Write, err: &mut dyn Write) -> (Exit, Option<String>) {
        let started = RefCell::new(None);
        let console = |start: ConsoleStart| {
            let settings = start.settings.map(|settings| settings.config.found).map_err(|error| error.problems.len());
            started.replace(Some(format!(
                "console demo={} settings={settings:?} readonly={} filter={:?} only={:?} {:?} {:?} color={}",
                start.demo,
                start.readonly,
                start.filter,
                start.only.profiles,
                start.look.language,
                start.look.borders,
                start.look.color
            )));
            Exit::Cancelled
        };
        let list = |start: ListStart, _: &mut dyn Write, _: &mut dyn Write| {
            started.replace(Some(format!("list demo={} {:?} filter={:?}", start.demo, start.format, start.filter)));
            Exit::Partly
        };
        let var = |name: &str| self.vars.get(name).cloned();
        let mut process = Process {
            var: &var,
            config_folder: Some(self.folder.path()),
            config: config::Text::default(),
            out,
            err,
            stdin_is_terminal: self.terminal,
            stdout_is_terminal: self.terminal,
            stderr_is_terminal: self.terminal,
        };
        let args = std::iter::once("nicdeck").chain(args.split_whitespace()).map(OsString::from);
        let doctor = |_: DoctorStart, _: &mut dyn Write, _: &mut dyn Write| panic!("nobody asked for a doctor");
        let plan = |start: PlanStart, _: &mut dyn Write, _: &mut dyn Write| {
            let (wish, filter) = (start.wish, start.filter);
            started.replace(Some(format!("plan demo={} {wish:?} filter={filter:?} {:?}", start.demo, start.file)));
            Exit::Done
        };
        let apply = |start: ApplyStart, _: &mut dyn Write, _: &mut dyn Write| {
            let (file, approve, dry) = (start.file, start.approve, start.dry_run);
            started.replace(Some(format!("apply demo={} {file:?} {approve:?} dry={dry}", start.demo)));
            Exit::Done
        };
        let log = |_: &config::Log| Ok(());
        let entry = Entry { log: &log, console: &console, list: &list, doctor: &doctor, plan: &plan, apply: &apply };
        let exit = run(args, &mut process, &entry);
        (exit, started.into_inner())
    }
}

#[test]
fn help_and_version_are_data_and_lead_with_examples() {
    let help = Run::new().run("--help");
    assert_eq!((help.exit, help.err.as_str()), (Exit::Done, ""));
    let at = |text: &str| help.out.find(text).unwrap_or_else(|| panic!("no {text} in {}", help.out));
    assert!(at("Examples:") < at("Usage:") && at("Usage:") < at("--config") && at("--ascii") < at("Exit codes:"));
    assert!(help.out.lines().all(|line| line.chars().count() <= 120), "{}", help.out);
    assert_eq!(Run::new().run("-V").out, format!("nicdeck {}\n", env!("CARGO_PKG_VERSION")));
    assert!(Run::new().run("list -h").out.contains("--output"));
}

#[test]
fn a_wrong_flag_gets_a_suggestion_and_exit_2() {
    let ran = Run::new().run("--readonl");
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Usage, ""));
    assert!(ran.err.contains("'--readonly'"), "{}", ran.err);
    let ran = Run::new().run("list --output jsno");
    assert!(ran.exit == Exit::Usage && ran.err.contains("'json'"), "{}", ran.err);
    let ran = Run::new().run("lsit");
    assert!(ran.exit == Exit::Usage && ran.err.contains("'list'"), "{}", ran.err);
    let ran = Run::new().run("--lang xx");
    assert!(ran.exit == Exit::Usage && ran.err.contains("auto, en, zh-CN"), "{}", ran.err);
    let ran = Run::new().run("--demo --config x");
    assert_eq!(ran.exit, Exit::Usage);
}

#[test]
fn arguments_are_shown_harmless() {
    let ran = Run::new().run("--\u{1b}[2J\u{202e}");
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains('\u{FFFD}') && !ran.err.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.err);
    let ran = Run::new().run("list --profile \u{9b}x --config /nope/\u{1b}[2J");
    assert!(ran.exit == Exit::Usage && !ran.err.contains(['\u{1b}', '\u{9b}']), "{:?}", ran.err);
}

#[test]
fn without_a_terminal_there_is_no_console() {
    for args in ["", "--demo"] {
        let ran = Run::new().piped().run(args);
        assert_eq!((ran.exit, ran.out.as_str(), ran.started), (Exit::Usage, "", None));
        assert!(ran.err.contains("needs a terminal") && ran.err.contains("nicdeck list"));
    }
}

#[test]
fn the_console_starts_whatever_the_config_is_like() {
    let started = |run: &Run, args: &str| {
        let ran = run.run(args);
        assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (Exit::Cancelled, "", ""));
        ran.started.unwrap()
    };
    assert_eq!(
        started(&Run::new(), ""),
        "console demo=false settings=Ok(false) readonly=false filter=None only=[] En Auto color=true"
    );
    assert_eq!(
        started(&Run::new().config("version = 1\nreadonly = true"), "--filter -has:eip --ascii --lang ZH"),
        "console demo=false settings=Ok(true) readonly=true filter=Some(\"-has:eip\") only=[] ZhCn Ascii color=true"
    );
    assert_eq!(
        started(&Run::new().config("verison = 1").var("LANG", "zh_CN.UTF-8"), "--color never"),
        "console demo=false settings=Err(2) readonly=true filter=None only=[] ZhCn Auto color=false"
    );
    assert_eq!(
        started(&Run::new().config("verison = 1"), "--demo --profile x"),
        "console demo=true settings=Ok(false) readonly=false filter=None only=[\"x\"] En Auto color=true"
    );
}

#[test]
fn list_needs_a_config_with_profiles_or_the_demo() {
    let ran = Run::new().run("list");
    assert_eq!((ran.exit, ran.started), (Exit::Usage, None));
    assert!(ran.err.contains("no config at ") && ran.err.contains("config.toml; `nicdeck config init`"), "{}", ran.err);
    let ran = Run::new().config("version = 1").run("list");
    assert!(ran.exit == Exit::Usage && ran.err.starts_with("no [[profile]] in "), "{}", ran.err);
    let ran = Run::new().config("version = 2\n").run("list");
    assert!(ran.exit == Exit::Usage && ran.err.contains("config.toml:1:11: version 2 is not known"), "{}", ran.err);
    let ran = Run::new().config("broken").piped().run("list --demo -o CSV --filter ip:10.0.0.0/8");
    assert_eq!(ran.started.as_deref(), Some("list demo=true Csv filter=Some(\"ip:10.0.0.0/8\")"));
    assert_eq!(ran.exit, Exit::Partly);
    let ran = Run::new().var("NICDECK_READONLY", "x").run("list --demo");
    assert!(ran.exit == Exit::Usage && ran.err.starts_with("environment variable NICDECK_READONLY"), "{}", ran.err);
}

#[test]
fn a_bad_filter_is_exit_2_before_anything_is_asked() {
    for args in ["list --demo --filter ipp:1", "--demo --filter ipp:1"] {
        let ran = Run::new().run(args);
        assert_eq!((ran.exit, ran.out.as_str(), ran.started), (Exit::Usage, "", None));
        assert!(ran.err.contains("\n  ipp:1\n  ^^^\n"), "{}", ran.err);
    }
}

#[test]
fn simulate_refuses_what_it_cannot_serve() {
    let ran = Run::new().run("simulate --clouds nowhere");
    assert!(ran.exit == Exit::Usage && ran.err.contains("there is no cloud \"nowhere\""), "{}", ran.err);
    let ran = Run::new().run("simulate --world /nowhere/w.json");
    assert!(ran.exit == Exit::Usage && ran.err.contains("/nowhere/w.json"), "{}", ran.err);
    let ran = Run::new().run("simulate --listen 0.0.0.0:0 --instances 1");
    assert!(ran.exit == Exit::Usage && ran.out.is_empty(), "loopback only: {}", ran.err);
}

#[test]
fn config_path_example_and_check() {
    let run = Run::new();
    let ran = run.run("config path");
    assert_eq!((ran.exit, ran.out), (Exit::Done, format!("{}\n", run.path().display())));
    assert_eq!(run.run("config path --config /x/y.toml").out, "/x/y.toml\n");
    assert_eq!(run.run("config example").out, config::EXAMPLE);
    let ran = run.run("config check");
    assert!(ran.exit == Exit::Usage && ran.err.starts_with("no config at "), "{}", ran.err);
    let ran = Run::new().config("version = 1\nlangauge = 1\nui = 1").run("config check");
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.lines().count()), (Exit::Usage, "", 2));
    assert_eq!(Run::new().run("config").exit, Exit::Usage);
}

/// Writes nothing at all.
struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn closed_streams_change_nothing_but_what_can_be_seen() {
    let run = Run::new();
    let (pipe, full) = (io::ErrorKind::BrokenPipe, io::ErrorKind::StorageFull);
    let mut err = Vec::new();
    for args in ["config example", "--help", "--version"] {
        assert_eq!(run.run_into(args, &mut Closed(pipe), &mut err).0, Exit::Done, "{args}");
    }
    assert_eq!(err, b"");
    assert_eq!(run.run_into("config example", &mut Closed(full), &mut err).0, Exit::Failure);
    assert!(String::from_utf8(err).unwrap().starts_with("standard output cannot be written"));
    assert_eq!(run.run_into("--wrong", &mut Vec::new(), &mut Closed(pipe)).0, Exit::Usage);
}

#[test]
fn exit_codes_are_those_that_scripts_rely_on() {
    use Exit::{Cancelled, Credentials, Done, Failure, Interrupted, Partly, Refused, Stale, Terminated, Usage};
    let codes = [Done, Failure, Usage, Partly, Refused, Credentials, Cancelled, Stale, Interrupted, Terminated];
    assert_eq!(codes.map(|exit| exit as u8), [0, 1, 2, 3, 4, 5, 6, 7, 130, 143]);
}

#[test]
fn simulate_shows_its_own_flags_only() {
    let help = Run::new().run("simulate --help").out;
    for flag in ["--listen", "--clouds", "--world", "--world-example", "--instances", "--seed", "--faults", "--help"] {
        assert!(help.contains(flag), "{flag}: {help}");
    }
    for flag in ["--readonly", "--demo", "--profile", "--region", "--filter", "--ascii", "--color", "--config"] {
        assert!(!help.contains(flag), "{flag}: {help}");
    }
    assert!(Run::new().run("list --help").out.contains("--readonly"));
}

#[test]
fn a_fault_script_for_a_cloud_that_there_is_not_is_refused() {
    let run = Run::new();
    let file = run.folder.path().join("f.toml");
    fs::write(&file, "[[fault]]\neffect = \"lost\"\n[[fault]]\neffect = \"lost\"\ncloud = \"aliyum\"\n").unwrap();
    let ran = run.run(&format!("simulate --faults {}", file.display()));
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Usage, ""));
    assert!(ran.err.contains("f.toml: fault 2: there is no cloud \"aliyum\"; did you mean \"aliyun\"?"), "{}", ran.err);
}

#[test]
fn every_command_and_flag_is_explained_in_both_languages() {
    fn walk(command: &clap::Command, check: &mut dyn FnMut(String)) {
        check(format!("cli.about.{}", command.get_name()));
        command.get_arguments().for_each(|arg| check(format!("cli.flag.{}", arg.get_id())));
        command.get_subcommands().for_each(|sub| walk(sub, check));
    }
    let catalogs = Catalogs::embedded().unwrap();
    for language in [crate::app::state::Language::English, crate::app::state::Language::Chinese] {
        let words = catalogs.of(language);
        walk(&args::command(), &mut |key| assert!(words.find(&key).is_some(), "{key} has no words"));
    }
}

#[test]
fn mistakes_are_told_in_the_language_that_is_asked_for() {
    for (args, wanted) in [
        ("--readonl", "没有参数 --readonl；是想写 --readonly 吗？"),
        ("lsit", "没有命令 lsit；是想写 list 吗？"),
        ("list --output jsno", "--output <FORM>：不能是“jsno”，可用：table, json, csv, md；是想写 json 吗？"),
        ("list --output", "--output <FORM> 需要一个值，可用：table, json, csv, md"),
        ("simulate --seed x", "--seed <S>：不能是“x”：invalid digit found in string"),
        ("--demo --config x", "--demo 和 --config <FILE> 不能同时使用"),
        ("--demo --demo", "--demo 只能写一次"),
    ] {
        let ran = Run::new().var("LC_ALL", "zh_CN.UTF-8").run(args);
        assert_eq!((ran.exit, ran.err.lines().next()), (Exit::Usage, Some(wanted)), "{args}: {}", ran.err);
    }
    let broken = || Run::new().config("version = 1\nlangauge = 1\n").var("LANG", "zh_CN.UTF-8");
    assert!(
        broken().run("list").err.contains("2:1: 不认识的键 `langauge`（配置文件）"),
        "{}",
        broken().run("list").err
    );
    assert!(broken().run("config check --lang en").err.contains("2:1: unknown key `langauge`"));
    assert!(broken().var("NICDECK_LANG", "en").run("list").err.contains("unknown key"));
    // A config that can be read has a say as well.
    let own = "version = 1\nlanguage = \"zh-CN\"\n[[profile]]\nname = \"p\"\ncloud = \"zenlayer\"\nregions = [\"r\"]\n";
    let ran = Run::new().config(own).run("list");
    assert!(ran.err.contains("账号 `p`：有 2 个环境变量没有设置：`ZENLAYER_"), "{}", ran.err);
    assert!(Run::new().var("LANG", "zh_CN.UTF-8").piped().run("").err.contains("需要终端"));
    let filter = Run::new().var("LANG", "zh_CN.UTF-8").run("list --demo --filter ipp:1");
    assert!(filter.err.contains("没有这个字段"), "{}", filter.err);
}

#[test]
fn help_is_in_the_language_that_is_asked_for() {
    let help = |run: Run, args: &str| run.run(args).out;
    let chinese = help(Run::new(), "--help --lang zh-CN");
    for text in ["示例：", "用法：nicdeck", "命令:", "选项:", "退出码：", "只看一个账号"] {
        assert!(chinese.contains(text), "{text}: {chinese}");
    }
    assert!(help(Run::new(), "--lang=zh list --help").contains("输出资源清单"));
    assert!(help(Run::new().var("LANG", "zh_CN.UTF-8"), "simulate -h").contains("监听的回环地址"));
    assert!(help(Run::new().var("LANG", "zh_CN.UTF-8"), "-h --lang en").contains("Examples:"));
}

#[test]
fn a_protect_rule_that_is_no_filter_stops_everything_in_the_language_of_the_program() {
    let text = "version = 1\n[safety]\nprotect = [\"name:gw-*\", \"ipp:1\"]\n";
    for (lang, what) in [
        ("en", ":3:26: protect rule 2 (`ipp:1`) is no filter: There is no such field. Did you mean ip?"),
        ("zh-CN", ":3:26: 第 2 条保护规则（`ipp:1`）不是有效的筛选："),
    ] {
        for command in ["list", "config check"] {
            let ran = Run::new().config(text).run(&format!("{command} --lang {lang}"));
            assert_eq!((ran.exit, ran.out.as_str(), &ran.started), (Exit::Usage, "", &None), "{command}");
            assert!(ran.err.contains("config.toml") && ran.err.contains(what), "{}", ran.err);
        }
        // The console begins without any profile, and says why.
        let ran = Run::new().config(text).run(&format!("--lang {lang}"));
        assert!(ran.started.as_deref().is_some_and(|start| start.contains("settings=Err(1)")), "{ran:?}");
    }
}

#[test]
fn belts_are_numbers_within_reason() {
    for args in ["--max-per-plan 0", "--max-per-plan x", "--max-percent 101", "list --max-percent 0"] {
        let ran = Run::new().run(args);
        assert_eq!((ran.exit, ran.started), (Exit::Usage, None), "{args}");
    }
    assert!(Run::new().run("--demo --max-per-plan 500 --max-percent 100").started.is_some());
}

#[test]
fn topics_are_the_same_in_both_languages_and_each_is_printed() {
    use crate::app::state::Language::{Chinese, English};
    let names = |language| docs::topics(language).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(
        names(English),
        ["filter", "plan", "export", "undo", "credentials", "exit-codes", "json", "keys", "log"]
    );
    assert_eq!(names(Chinese), names(English));
    for name in names(English) {
        let (english, chinese) =
            (Run::new().run(&format!("help {name}")), Run::new().run(&format!("help {name} --lang zh")));
        assert_eq!((english.exit, english.err.as_str(), chinese.exit), (Exit::Done, "", Exit::Done));
        assert!(english.out.len() > 100 && english.out != chinese.out, "{name}");
        // What is told of codes and flags is told of the same ones.
        let words = |text: &str| {
            let parts = text.split(|c: char| !c.is_ascii_graphic()).filter(|word| word.starts_with("--"));
            parts
                .map(|word| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned())
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(words(&english.out), words(&chinese.out), "{name}");
        for text in [&english.out, &chinese.out] {
            let wide = text.lines().map(unicode_width::UnicodeWidthStr::width).max();
            assert!(wide <= Some(140), "{name}: {wide:?}");
        }
    }
    for args in ["help", "help topics"] {
        assert!(
            Run::new().run(args).out.contains("filter, plan, export, undo, credentials, exit-codes, json, keys, log")
        );
    }
    let ran = Run::new().run("help flter");
    assert!(ran.exit == Exit::Usage && ran.err.contains("there is no topic `flter`; there are filter"), "{}", ran.err);
}

/// Each flag that a topic names is one that there is.
#[test]
fn topics_name_flags_and_codes_that_there_are() {
    fn flags(command: &clap::Command, all: &mut Vec<String>) {
        all.extend(command.get_arguments().filter_map(clap::Arg::get_long).map(|long| format!("--{long}")));
        command.get_subcommands().for_each(|sub| flags(sub, all));
    }
    let mut all = Vec::new();
    flags(&args::command(), &mut all);
    let text = Run::new().run("help plan").out + &Run::new().run("help log").out + &Run::new().run("help json").out;
    let named = text
        .split(|c: char| c.is_whitespace() || matches!(c, '`' | ',' | '|' | ')'))
        .filter(|word| word.starts_with("--"));
    for flag in named {
        assert!(all.iter().any(|known| known == flag), "{flag}");
    }
    for topic in ["plan", "undo", "plan --lang zh", "undo --lang zh"] {
        let text = Run::new().run(&format!("help {topic}")).out;
        assert!(text.contains("--rest BATCH"), "where the rest of a batch is planned: {topic}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let names: Vec<String> = args::command().get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = Run::new().piped().run(&format!("completions {shell}"));
        assert_eq!((ran.exit, ran.err.as_str()), (Exit::Done, ""));
        for name in &names {
            assert!(ran.out.contains(name.as_str()), "{shell}: {name}");
        }
    }
    assert_eq!(Run::new().run("completions tcsh").exit, Exit::Usage);
    let (english, chinese) = (Run::new().run("man").out, Run::new().run("man --lang zh").out);
    assert!(english.starts_with(".ie") && english.contains(".TH nicdeck"), "{english}");
    assert!(chinese.contains("只用这个账号") && !english.contains("只用"), "{chinese}");
    for name in &names {
        let page = Run::new().run(&format!("man {name}"));
        assert!(page.exit == Exit::Done && page.out.contains(&format!(".TH nicdeck-{name}")), "{name}: {}", page.out);
    }
    assert_eq!(Run::new().run("man nothing").exit, Exit::Usage);
}
