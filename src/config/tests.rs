use std::{collections::BTreeMap, fs, path::Path};

use super::*;
use crate::{
    domain::{
        capabilities::{Capabilities, TellCalls},
        ids::ProfileId,
        plan::Calls,
    },
    providers::credential::CredentialFrom,
};

const CAPABILITIES: Capabilities = Capabilities {
    regional: true,
    release_batch: 1,
    release_by_type: None,
    release_whole: false,
    releasable: &[],
    release: &[],
    detach: &[],
    assign: &[],
    attach: &[],
    bind_eip: &[],
    delete: &[],
    calls: TellCalls(|_, _| Calls::default()),
    detach_polls: false,
    limits_per_call: None,
    in_flight: 1,
};

static KEYS_ONLY: Descriptor = Descriptor {
    id: "aliyun",
    title: "Alibaba Cloud",
    capabilities: CAPABILITIES,
    env: ("A_ID", "A_SECRET", Some("A_TOKEN")),
    bearer: false,
    password: None,
    apis: &[],
    example_region: "cn-hangzhou",
    demo_world: "",
    errors: "",
};

static BEARER: Descriptor = Descriptor {
    id: "zenlayer",
    title: "Zenlayer",
    capabilities: CAPABILITIES,
    env: ("Z_ID", "Z_SECRET", Some("Z_TOKEN")),
    bearer: true,
    password: Some(("Z_USER", "Z_PASSWORD", "Z_ACCOUNT")),
    apis: &["v3", "v2"],
    example_region: "asia-east-1",
    demo_world: "",
    errors: "",
};

const CLOUDS: &[&Descriptor] = &[&KEYS_ONLY, &BEARER];

fn parsed(text: &str) -> Result<ConfigFile, ConfigError> {
    parse(Path::new("c.toml"), text, CLOUDS, &|name| name == "AliYun9KeyOfMine17")
}

/// The problems of a config as people see them.
fn problems(text: &str) -> Vec<String> {
    told(&parsed(text).expect_err("a broken config")).lines().map(str::to_owned).collect()
}

fn told(error: &ConfigError) -> String {
    told_in(error, crate::app::state::Language::English)
}

fn told_in(error: &ConfigError, language: crate::app::state::Language) -> String {
    crate::told::error(error, crate::ui::catalog::Catalogs::embedded().unwrap().of(language))
}

/// The one problem of a config, without the file's name.
fn problem(text: &str) -> String {
    let all = problems(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].strip_prefix("c.toml:").expect("a place").to_owned()
}

const GOOD: &str = r#"version = 1
[[profile]]
name = "p"
cloud = "aliyun"
regions = ["r-1"]
"#;

/// GOOD with a line in the profile, which is line 6.
fn with(line: &str) -> String {
    format!("{GOOD}{line}\n")
}

#[test]
fn the_example_parses_and_says_what_it_explains() {
    let clouds: Vec<&Descriptor> = crate::providers::all().iter().map(|cloud| cloud.descriptor()).collect();
    let file =
        parse(Path::new("config.example.toml"), EXAMPLE, &clouds, &|_| false).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(file.language, Some(LanguageChoice::Auto));
    assert_eq!(file.readonly, Some(true));
    assert_eq!((file.theme, file.borders, file.motion), (Some(Theme::Auto), Some(Borders::Auto), Some(true)));
    let named = |name: &str| {
        let found = file.profiles.iter().find(|(profile, _)| profile.id.as_str() == name);
        found.unwrap_or_else(|| panic!("no profile {name}"))
    };
    let (prod, zenlayer, rehearsal) = (named("prod-hz"), named("zl-fra"), named("rehearsal"));
    assert!(prod.0.is_prod());
    assert_eq!(prod.0.regions.len(), 2);
    assert_eq!(prod.0.alias.as_deref(), Some("acme-prod"));
    assert!(zenlayer.0.readonly);
    let token = CredentialFrom::Env { keys: None, token: Some("ZENLAYER_TOKEN".into()), bearer: true };
    assert_eq!(zenlayer.1.from, token);
    assert_eq!(rehearsal.0.endpoint.as_ref().map(|endpoint| &*endpoint.host), Some("127.0.0.1:8080"));
}

#[test]
fn how_a_cloud_is_reached_is_the_profile_s_own_affair() {
    use crate::providers::net::{Net, Pace, Proxy, Timeouts};
    let net =
        |lines: &str| parsed(&with(lines)).unwrap_or_else(|error| panic!("{}", told(&error))).profiles.remove(0).0.net;
    assert_eq!(net(""), Net::default());
    let seconds = std::time::Duration::from_secs;
    assert_eq!(
        net("proxy = \"http://proxy:3128\"\nca_file = \"/etc/ssl/corp.pem\"\n\
             timeouts = { connect_s = 3, total_s = 90 }\npace = { in_flight = 2, calls_per_s = 5 }"),
        Net {
            proxy: Proxy::Via("http://proxy:3128".to_owned()),
            ca_file: Some("/etc/ssl/corp.pem".into()),
            timeouts: Timeouts { connect: seconds(3), total: seconds(90), ..Timeouts::default() },
            pace: Pace { in_flight: Some(2), calls_per_s: Some(5) },
        }
    );
    assert_eq!(net("proxy = \"none\"").proxy, Proxy::None);
    let beside = parse(Path::new("/home/lin/c.toml"), &with("ca_file = \"corp.pem\""), CLOUDS, &|_| false).unwrap();
    assert_eq!(beside.profiles[0].0.net.ca_file.as_deref(), Some(Path::new("/home/lin/corp.pem")));
}

#[test]
fn what_is_wrong_with_how_a_cloud_is_reached_is_told_where_it_stands() {
    for (line, wanted) in [
        ("proxy = \"proxy:3128\"", "6:9: `proxy` has to be `none`, or http://host:port"),
        ("proxy = 3128", "6:9: `proxy` has to be text in quotes, this is a whole number"),
        ("porxy = \"none\"", "6:1: unknown key `porxy` in [[profile]]; did you mean `proxy`?"),
        ("ca_flie = \"a\"", "6:1: unknown key `ca_flie` in [[profile]]; did you mean `ca_file`?"),
        ("ca_file = \"\"", "6:11: `ca_file` has to be a path"),
        ("timeouts = 5", "6:12: `timeouts` has to be a table"),
        ("timeouts = { conect_s = 5 }", "6:14: unknown key `conect_s` in `timeouts`; did you mean `connect_s`?"),
        ("timeouts = { read_s = 0 }", "6:23: `read_s` has to be a whole number from 1 to 600"),
        ("pace = { in_fligth = 5 }", "6:10: unknown key `in_fligth` in `pace`; did you mean `in_flight`?"),
        ("pace = { calls_per_s = 1001 }", "6:24: `calls_per_s` has to be a whole number from 1 to 1000"),
        ("pace = { in_flight = \"4\" }", "6:22: `in_flight` has to be a whole number"),
    ] {
        let told = problem(&with(line));
        assert!(told.starts_with(wanted), "{line}: {told}");
    }
    // A proxy's password is a secret like any other, and is not repeated.
    let told = problem(&with("proxy = \"http://lin:canary-9f27@proxy:3128\""));
    assert!(told.starts_with("6:9: ") && !told.contains("canary"), "{told}");
}

#[test]
fn all_regions_are_a_word() {
    let text = |regions: &str| GOOD.replace("[\"r-1\"]", regions);
    assert_eq!(parsed(&text("\"all\"")).unwrap().profiles[0].0.regions, []);
    let told = problem(&text("\"alll\""));
    assert!(told.starts_with("5:11: `regions` has \"alll\"; did you mean `all`?"), "{told}");
    assert!(problem(&text("[]")).contains("needs at least one entry"));
    let of_one = text("\"all\"\nproject_id = \"p\"");
    assert!(problem(&of_one).starts_with("6:14: "), "a project belongs to one region");
    // What there is is not known yet, so a region may be asked for by any name.
    let world = World::new(&text("\"all\""));
    let settings = world.load(&Flags { regions: vec!["r-9".to_owned()], ..Flags::default() }).unwrap();
    assert_eq!(settings.profiles[0].0.regions, ["r-9".into()]);
}

#[test]
fn belts_and_protect_rules_are_read_and_the_strictest_word_is_the_flag_s() {
    let text = "version = 1\n[safety]\nmax_per_plan = 50\nmax_percent = 5\nprotect = [\"tag:keep=true\", \"name:gw-*\"]\n\
                [[profile]]\nname = \"p\"\ncloud = \"aliyun\"\nregions = [\"r-1\"]\nprotect = [\"ip:10.0.0.0/28\"]\n";
    let texts = |rules: &[Expr]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
    let file = parsed(text).unwrap();
    assert_eq!(texts(&file.protect), ["tag:keep=true", "name:gw-*"]);
    assert_eq!(texts(&file.protect_of[&ProfileId::from("p")]), ["ip:10.0.0.0/28"]);
    let mut world = World::new(text);
    let belts = |world: &World, flags: &Flags| {
        let safety = world.load(flags).unwrap().safety;
        assert_eq!((safety.protect.len(), safety.protect_of.len()), (2, 1));
        (safety.max_per_plan, safety.max_percent)
    };
    assert_eq!(belts(&world, &Flags::default()), (Some(50), Some(5)));
    world = world.var("NICDECK_MAX_PER_PLAN", "60");
    world = world.var("NICDECK_MAX_PERCENT", " 6 ");
    assert_eq!(belts(&world, &Flags::default()), (Some(60), Some(6)));
    let flags = Flags { max_per_plan: Some(70), max_percent: Some(7), ..Flags::default() };
    assert_eq!(belts(&world, &flags), (Some(70), Some(7)));
    for odd in ["0", "-1", "many", "1000000000000000000000"] {
        world = world.var("NICDECK_MAX_PER_PLAN", odd);
        let error = told(&world.load(&flags).unwrap_err());
        let wanted = "environment variable NICDECK_MAX_PER_PLAN: `NICDECK_MAX_PER_PLAN` has to be a whole number from 1 to 100000";
        assert_eq!(error, wanted, "{odd}");
    }
}

/// What the example does not mention, people cannot find.
#[test]
fn the_example_explains_every_key() {
    for key in "version language readonly theme borders motion mouse max_per_plan max_percent protect name cloud regions env alias endpoint project_id \
                credentials from id secret token api user password account profile argv timeout_s"
        .split(' ')
    {
        assert!(EXAMPLE.contains(&format!("{key} = ")), "{key}");
    }
}

#[test]
fn left_out_credentials_are_the_vendors_own_variables() {
    let file = parsed(GOOD).unwrap();
    let (profile, source) = &file.profiles[0];
    assert_eq!(profile.id, ProfileId::from("p"));
    assert_eq!(source.profile, profile.id);
    let place = source.place.clone().unwrap();
    assert_eq!((place.line, place.column), (2, 1), "the profile's header");
    let own = CredentialFrom::Env {
        keys: Some(("A_ID".into(), "A_SECRET".into())),
        token: Some("A_TOKEN".into()),
        bearer: false,
    };
    assert_eq!(source.from, own);
    assert_eq!(parsed(&with(r#"credentials = { from = "env" }"#)).unwrap().profiles[0].1.from, own);
}

#[test]
fn credentials_know_their_line() {
    let file = parsed(&with(r#"credentials = { from = "env", id = "MY_ID", secret = "MY_SECRET" }"#)).unwrap();
    let place = file.profiles[0].1.place.clone().unwrap();
    assert_eq!((place.line, place.column), (6, 15));
    let keys = Some(("MY_ID".to_owned(), "MY_SECRET".to_owned()));
    assert_eq!(file.profiles[0].1.from, CredentialFrom::Env { keys, token: None, bearer: false });
}

#[test]
fn every_problem_has_its_place_and_says_what_would_be_right() {
    for (text, wanted) in [
        ("", "1:1: `version` is missing; the file has to begin with `version = 1`"),
        ("version = 2\nnew = 1", "1:11: version 2 is not known here; this nicdeck reads `version = 1`"),
        ("version = \"1\"", "1:11: `version` has to be a whole number, this is text"),
        ("version = 1\nlangauge = \"en\"", "2:1: unknown key `langauge` in the config; did you mean `language`?"),
        (
            "version = 1\n\"生产\" = 1",
            "2:1: unknown key `生产` in the config; allowed are `version`, `language`, `readonly`, `ui`, `keys`, `safety`, `profile`",
        ),
        (
            "version = 1\nlanguage = \"cn\"",
            "2:12: `language` cannot be \"cn\"; it is one of `auto`, `en`, `zh-CN`; did you mean `en`?",
        ),
        ("version = 1\nreadonly = \"yes\"", "2:12: `readonly` has to be true or false, this is text"),
        ("version = 1\nui = 3", "2:6: `ui` has to be a table, as in { key = \"value\" }, this is a whole number"),
        (
            "version = 1\n[ui]\ntheme = \"drak\"",
            "3:9: `theme` cannot be \"drak\"; it is one of `auto`, `dark`, `light`, `cb-safe`, `mono`; did you mean `dark`?",
        ),
        (
            "version = 1\n[safety]\nmax_per_paln = 3",
            "3:1: unknown key `max_per_paln` in [safety]; did you mean `max_per_plan`?",
        ),
        ("version = 1\n[safety]\nmax_per_plan = 0", "3:16: `max_per_plan` has to be a whole number from 1 to 100000"),
        ("version = 1\n[safety]\nmax_percent = 101", "3:15: `max_percent` has to be a whole number from 1 to 100"),
        ("version = 1\n[safety]\nmax_percent = \"9\"", "3:15: `max_percent` has to be a whole number, this is text"),
        (
            "version = 1\n[safety]\nprotect = \"tag:keep\"",
            "3:11: `protect` has to be a list of texts, as in [\"one\", \"two\"], this is text",
        ),
        // The place is that of the mistake in the rule.
        (
            "version = 1\n[safety]\nprotect = [\"tag:keep\", \"name:a ipp:1\"]",
            "3:32: protect rule 2 (`name:a ipp:1`) is no filter: There is no such field. Did you mean ip?",
        ),
        (
            &with("protect = [\"cloud:alyun\"]"),
            "6:19: protect rule 1 (`cloud:alyun`) is no filter: Did you mean aliyun? cloud: is one of aliyun, zenlayer here.",
        ),
        (&with("protect = [\" \"]"), "6:12: protect rule 1 is empty; it has to name something"),
        (
            &with("protect = [\"name:a -level:ok\"]"),
            "6:12: protect rule 1: `-level:ok` is not about what a thing is; findings, levels, marks and ages protect nothing",
        ),
        (
            &with("protect = [\"name:a\", \"ip:10.0.0.1 profile:nosuch\"]"),
            "6:22: protect rule 2: `profile:nosuch` names no profile of this file; there is `p`",
        ),
        ("version = 1\n[ui]\nmotoin = true", "3:1: unknown key `motoin` in [ui]; did you mean `motion`?"),
        (
            "version = 1\n[profile]\nname = \"x\"",
            "2:1: `profile` has to be a list of tables, each headed [[profile]], this is a table",
        ),
        (
            "version = 1\nprofile = [1]",
            "2:12: `profile` has to be a list of tables, each headed [[profile]], this is a whole number",
        ),
        (&with("regoins = []"), "6:1: unknown key `regoins` in [[profile]]; did you mean `regions`?"),
        (
            &GOOD.replace("\"aliyun\"", "\"alyun\""),
            "4:9: `cloud` cannot be \"alyun\"; it is one of `aliyun`, `zenlayer`; did you mean `aliyun`?",
        ),
        (&GOOD.replace("\"aliyun\"", "\"aws\""), "4:9: `cloud` cannot be \"aws\"; it is one of `aliyun`, `zenlayer`"),
        (
            &GOOD.replace("cloud = \"aliyun\"", ""),
            "2:1: `cloud` is missing in [[profile]]; it is written like `cloud = \"aliyun\"`",
        ),
        (
            &GOOD.replace("name = \"p\"", ""),
            "2:1: `name` is missing in [[profile]]; it is written like `name = \"prod-hz\"`",
        ),
        (
            &GOOD.replace("regions = [\"r-1\"]", ""),
            "2:1: `regions` is missing in [[profile]]; it is written like `regions = \"all\"`",
        ),
        (&GOOD.replace("[\"r-1\"]", "[]"), "5:11: `regions` needs at least one entry"),
        (
            &GOOD.replace("[\"r-1\"]", "\"r-1\""),
            "5:11: `regions` has to be a list of texts, as in [\"one\", \"two\"], this is text",
        ),
        (
            &GOOD.replace("[\"r-1\"]", "[\"a\", 2]"),
            "5:17: `regions` has to be a list of texts, as in [\"one\", \"two\"], this is a whole number",
        ),
        (
            &GOOD.replace("[\"r-1\"]", "[\"evil.example/?\"]"),
            "5:12: `regions` has to be 1 to 64 letters, digits, `-` and `_`",
        ),
        (&GOOD.replace("[\"r-1\"]", "[\"a\", \"b\", \"a\"]"), "5:22: `regions` has \"a\" twice; once is enough"),
        (
            &GOOD.replace("\"p\"", "\"\""),
            "3:8: `name` has to be 1 to 64 visible characters, without blanks around them",
        ),
        (
            &GOOD.replace("\"p\"", "\"a\\u001b[2J\""),
            "3:8: `name` has to be 1 to 64 visible characters, without blanks around them",
        ),
        (&GOOD.replace("\"p\"", "7"), "3:8: `name` has to be text in quotes, this is a whole number"),
        (
            &with("endpoint = \"http://ecs.example.com\""),
            "6:12: `endpoint`: http is allowed only for 127.0.0.1, [::1] and localhost; use https",
        ),
        (&with("endpoint = \"https://a/b\""), "6:12: `endpoint`: an endpoint has no path, query or user name"),
        (
            &with("endpoint = \"https://{product}.example.com\""),
            "6:12: `endpoint`: only `service` and `region` may stand in braces in an endpoint",
        ),
        (&with("endpoint = \"ftp://a\""), "6:12: `endpoint`: an endpoint is written https://host or https://host:port"),
        (&with("env = 2026-01-01"), "6:7: `env` has to be text in quotes, this is a date"),
        (&with("project_id = \"a/b\""), "6:14: `project_id` has to be 1 to 64 letters, digits, `-` and `_`"),
        (
            &with("project_id = \"a\"").replace("[\"r-1\"]", "[\"r-1\", \"r-2\"]"),
            "6:14: `project_id` belongs to one region, and this profile has several: give each region a profile of its own",
        ),
        (
            &with("[[profile]]\nname = \"p\"\ncloud = \"zenlayer\"\nregions = [\"x\"]"),
            "7:8: a profile named \"p\" is on line 3 already; each needs a name of its own",
        ),
        (
            &with("credentials = \"env\""),
            "6:15: `credentials` has to be a table, as in { key = \"value\" }, this is text",
        ),
        (
            &with("credentials = { id = \"A\", secret = \"B\" }"),
            "6:15: `from` is missing in `credentials`; it is written like `from = \"env\"`",
        ),
        (
            &with("credentials = { from = \"evn\" }"),
            "6:24: `from` cannot be \"evn\"; it is one of `env`, `vendor-cli`, `command`; did you mean `env`?",
        ),
        (
            &with("credentials = { from = \"env\", id = \"A\" }"),
            "6:15: `secret` is missing in `credentials`; it is written like `secret = \"MY_KEY_SECRET\"`",
        ),
        (
            &with("credentials = { from = \"env\", token = \"T\" }"),
            "6:15: Alibaba Cloud does not sign with a token alone; name the variables of `id` and `secret` as well",
        ),
        ("version = 1\nlanguage = \"en", "2:15: not TOML: invalid basic string, expected `\"`"),
        ("version = 1\nversion = 1", "2:1: not TOML: duplicate key"),
        ("version", "1:8: not TOML: key with no value, expected `=`"),
    ] {
        assert_eq!(problem(text), wanted, "for\n{text}");
    }
}

/// Names, words and codes are the file's; what is said about them is Chinese, with the same place.
#[test]
fn problems_are_told_in_chinese_too() {
    for (text, wanted) in [
        ("", "c.toml:1:1: 缺少 `version`，文件须以 `version = 1` 开头"),
        ("version = 1\nlangauge = \"en\"", "c.toml:2:1: 不认识的键 `langauge`（配置文件）；是想写 `language` 吗？"),
        ("version = 1\nreadonly = \"yes\"", "c.toml:2:12: `readonly` 应为 true 或 false，这里是文本"),
        (
            &with("endpoint = \"http://ecs.example.com\""),
            "c.toml:6:12: `endpoint`：http 只能用于 127.0.0.1、[::1] 和 localhost，请用 https",
        ),
        (
            &with("[[profile]]\nname = \"p\"\ncloud = \"zenlayer\"\nregions = [\"x\"]"),
            "c.toml:7:8: 第 3 行已有名为“p”的账号，每个账号的名称须不同",
        ),
        (
            &GOOD.replace("\"aliyun\"", "\"alyun\""),
            "c.toml:4:9: `cloud` 不能是“alyun”，可用：`aliyun`, `zenlayer`；是想写 `aliyun` 吗？",
        ),
    ] {
        let error = parsed(text).expect_err(text);
        assert_eq!(told_in(&error, crate::app::state::Language::Chinese), wanted, "for\n{text}");
    }
}

#[test]
fn all_problems_of_a_file_are_told_in_the_order_of_the_file() {
    let text = r#"
langauge = "en"
[ui]
theme = "x"
[[profile]]
name = "a"
cloud = "nowhere"
regions = []
readonly = 1
[[profile]]
cloud = "zenlayer"
endpoint = "http://10.0.0.1"
credentials = { from = "env", secret = "X" }
"#;
    let places: Vec<String> = problems(text)
        .iter()
        .map(|text| text.split(": ").next().unwrap().strip_prefix("c.toml:").unwrap().to_owned())
        .collect();
    // `name` and `regions` of the second profile are missed at its header.
    assert_eq!(places, ["1:1", "2:1", "4:9", "7:9", "8:11", "9:12", "10:1", "10:1", "12:12", "13:15"]);
}

#[test]
fn columns_count_characters_after_chinese_too() {
    assert_eq!(problem("version = 1\nui = { \"生产\" = 1 }").split(": ").next(), Some("2:8"));
    assert_eq!(problem("version = 1\n[ui]\ntheme = \"生\"").split(';').next(), Some("3:9: `theme` cannot be \"生\""));
}

/// A real secret in the wrong place must not come out in the message, whatever else is wrong with the file.
#[test]
fn a_secret_in_the_file_is_an_error_that_does_not_repeat_it() {
    const SECRETS: [&str; 4] = [
        "LTAI5tQWERTY12345678abcd",
        "hX9wPqR2sT4uV6yZ8aB1cD3eF5gH7j",
        "QTWAOYTTINDUT2QVKYUC",
        "0123456789abcdef0123456789abcdef",
    ];
    let lines = [
        "secret = \"S\"",
        "access_key_secret = \"S\"",
        "access-key-id = \"S\"",
        "secretKey = \"S\"",
        "token = \"S\"",
        "S = 1",
        "env = [\"S\"]",
        "cloud = \"S\"",
        "secret = S",
        "secret = \"S",
        "secret = 'S\n",
        "secrte \"S\"",
        "\"S\"",
        "S",
        "credentials = \"S\"",
        "credentials = { from = \"S\" }",
        "credentials = { from = \"env\", id = \"S\", secret = \"S\" }",
        "credentials = { from = \"env\", id = \"MY_ID\", secret = \"S\" }",
        "credentials = { from = \"env\", id = \"MY_ID\", secret = [\"S\"] }",
        "credentials = { from = \"env\", id = \"MY_ID\", secret = \"MY_S\", token = \"S.S-S==\" }",
        "credentials = { access_key_id = \"S\", access_key_secret = \"S\" }",
        "credentials = { from = \"env\" id = \"S\" }",
        "credentials = { \"S\" }",
        "endpoint = \"https://S@host\"",
        "version = \"S\"",
    ];
    for secret in SECRETS {
        for line in lines {
            let text = format!("{}{}\n", GOOD.replace("cloud = \"aliyun\"\n", ""), line.replace('S', secret));
            let error = parsed(&text).expect_err(line);
            let chinese = told_in(&error, crate::app::state::Language::Chinese);
            let shown = format!("{error} {error:?} {} {chinese}", told(&error));
            assert!(!shown.contains(secret), "{line}: {shown}");
        }
    }
    let told = problem(&with("access_key_secret = \"x\""));
    assert!(told.starts_with("6:1: `access_key_secret`: a secret does not belong in this file."), "{told}");
    assert!(
        told.contains("credentials = { from = \"env\", id = \"MY_KEY_ID\", secret = \"MY_KEY_SECRET\" }"),
        "{told}"
    );
    let told = problem(&with(&format!("credentials = {{ from = \"env\", id = \"A\", secret = \"{}\" }}", SECRETS[1])));
    assert!(told.starts_with("6:50: `secret`: a secret does not belong in this file."), "{told}");
}

#[test]
fn names_of_variables_are_no_secrets() {
    for name in
        ["A", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "my_key_2", "KEY2", "HUAWEICLOUD_SDK_SK", "ZENLAYERTOKENOFPRODUCTION"]
    {
        let text = with(&format!("credentials = {{ from = \"env\", id = \"{name}\", secret = \"{name}\" }}"));
        assert!(parsed(&text).is_ok(), "{name}");
    }
}

#[test]
fn a_tool_or_a_program_may_hand_over_the_credential() {
    let from = |line: &str| parsed(&with(line)).unwrap().profiles[0].1.from.clone();
    let tool = |profile: Option<&str>| CredentialFrom::VendorCli { profile: profile.map(str::to_owned) };
    assert_eq!(from(r#"credentials = { from = "vendor-cli" }"#), tool(None));
    assert_eq!(from(r#"credentials = { from = "vendor-cli", profile = "prod" }"#), tool(Some("prod")));
    let command = |argv: &[&str], seconds| CredentialFrom::Command {
        argv: argv.iter().map(|&text| text.to_owned()).collect(),
        timeout: std::time::Duration::from_secs(seconds),
        bearer: false,
    };
    assert_eq!(
        from(r#"credentials = { from = "command", argv = ["pass", "show", "x y"] }"#),
        command(&["pass", "show", "x y"], 10)
    );
    assert_eq!(from(r#"credentials = { from = "command", argv = ["a"], timeout_s = 300 }"#), command(&["a"], 300));
    for (line, wanted) in [
        (r#"credentials = { from = "command" }"#, "6:15: `argv` is missing"),
        (r#"credentials = { from = "command", argv = [] }"#, "6:42: `argv`"),
        (r#"credentials = { from = "command", argv = [""] }"#, "6:42: `argv`"),
        (r#"credentials = { from = "command", argv = "pass x" }"#, "6:42: `argv`"),
        (r#"credentials = { from = "command", argv = ["a"], timeout_s = 301 }"#, "6:61: `timeout_s`"),
        (r#"credentials = { from = "command", argv = ["a"], timeout = 5 }"#, "6:49: unknown key `timeout`"),
        (r#"credentials = { from = "vendor-cli", id = "MY_ID" }"#, "6:38: unknown key `id`"),
        (r#"credentials = { from = "vendor_cli" }"#, "6:24: `from`"),
    ] {
        let told = problem(&with(line));
        assert!(told.starts_with(wanted), "{line}: {told}");
    }
}

#[test]
fn a_bearer_cloud_takes_a_token_alone() {
    let text = with("credentials = { from = \"env\", token = \"T\" }").replace("aliyun", "zenlayer");
    let from = CredentialFrom::Env { keys: None, token: Some("T".into()), bearer: true };
    assert_eq!(parsed(&text).unwrap().profiles[0].1.from, from);
}

#[test]
fn a_generation_of_the_api_is_one_of_the_clouds() {
    let zenlayer = |line: &str| with(line).replace("aliyun", "zenlayer");
    assert_eq!(parsed(&zenlayer("api = \"v2\"")).unwrap().profiles[0].0.api.as_deref(), Some("v2"));
    assert_eq!(parsed(GOOD).unwrap().profiles[0].0.api, None);
    let wrong = "6:7: `api` cannot be \"v4\"; it is one of `v3`, `v2`";
    assert!(problem(&zenlayer("api = \"v4\"")).starts_with(wrong));
    assert_eq!(problem(&with("api = \"v2\"")), "6:7: `api` cannot be \"v2\"; none is known here");
}

#[test]
fn a_user_signs_in_where_the_cloud_has_that() {
    let by_name = r#"credentials = { from = "env", user = "U", password = "P", account = "A" }"#;
    let zenlayer = |line: &str| with(line).replace("aliyun", "zenlayer");
    let from = CredentialFrom::Password { user: "U".into(), password: "P".into(), account: "A".into() };
    assert_eq!(parsed(&zenlayer(by_name)).unwrap().profiles[0].1.from, from);
    assert_eq!(
        problem(&with(by_name)),
        "6:15: Alibaba Cloud does not sign in with a user's name; name the variables of `id` and `secret` instead"
    );
    let half = by_name.replace(", password = \"P\"", "");
    assert_eq!(
        problem(&zenlayer(&half)),
        "6:15: `password` is missing in `credentials`; it is written like `password = \"MY_PASSWORD\"`"
    );
    let both = by_name.replace("user", "id = \"I\", secret = \"S\", user");
    assert!(problem(&zenlayer(&both)).contains("not both at once"));
    let leaked = by_name.replace("\"P\"", "\"hunter 2!\"");
    let said = problem(&zenlayer(&leaked));
    assert!(said.contains("`password`: a secret does not belong in this file") && !said.contains("hunter"), "{said}");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{FEFF}{}", with("langauge = 1").replace('\n', "\r\n"));
    assert_eq!(problem(&text).split(": ").next(), Some("6:1"));
    assert!(parsed(&format!("\u{FEFF}{GOOD}")).is_ok());
}

// ---- settings --------------------------------------------------------------------------------------------------------

struct World {
    folder: tempfile::TempDir,
    vars: BTreeMap<&'static str, String>,
    terminal: bool,
}

impl World {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder, vars: BTreeMap::new(), terminal: true }
    }

    fn var(mut self, name: &'static str, value: &str) -> Self {
        self.vars.insert(name, value.to_owned());
        self
    }

    fn load(&self, flags: &Flags) -> Result<Settings<CredentialSource>, ConfigError> {
        self.with(|env| load_with(flags, env, CLOUDS))
    }

    fn with<T>(&self, then: impl FnOnce(&Environment<'_>) -> T) -> T {
        let var = |name: &str| self.vars.get(name).cloned();
        then(&Environment {
            var: &var,
            config_folder: Some(self.folder.path()),
            terminal: self.terminal,
            text: &Text::default(),
        })
    }

    fn keys(&self, flags: &Flags) -> Vec<(Origin, &'static str)> {
        let error = self.load(flags).expect_err("broken settings");
        error.problems.into_iter().map(|problem| (problem.origin, problem.kind.key())).collect()
    }
}

const TWO: &str = r#"version = 1
language = "zh-CN"
[ui]
theme = "light"
[[profile]]
name = "one"
cloud = "aliyun"
regions = ["a", "b"]
[[profile]]
name = "two"
cloud = "zenlayer"
regions = ["b", "c"]
readonly = true
"#;

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let world = World::new(TWO);
    let none = Flags::default();
    let look = world.load(&none).unwrap().look;
    assert_eq!((look.language, look.theme, look.borders), (Language::ZhCn, Theme::Light, Borders::Auto));
    let world = world.var("NICDECK_LANG", "en").var("NICDECK_THEME", "MONO").var("NICDECK_BORDERS", "unicode");
    let look = world.load(&none).unwrap().look;
    assert_eq!((look.language, look.theme, look.borders), (Language::En, Theme::Mono, Borders::Unicode));
    let flags = Flags { language: Some(LanguageChoice::ZhCn), ascii: true, ..Flags::default() };
    let look = world.load(&flags).unwrap().look;
    assert_eq!((look.language, look.borders), (Language::ZhCn, Borders::Ascii));
}

#[test]
fn auto_language_follows_the_locale() {
    for (vars, wanted) in [
        (&[][..], Language::En),
        (&[("LANG", "zh_CN.UTF-8")], Language::ZhCn),
        (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], Language::En),
        (&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "zh_CN"), ("LC_ALL", "")], Language::ZhCn),
    ] {
        let mut world = World::new("version = 1");
        world.vars.extend(vars.iter().map(|(name, value)| (*name, (*value).to_owned())));
        assert_eq!(world.load(&Flags::default()).unwrap().look.language, wanted, "{vars:?}");
    }
}

#[test]
fn the_strictest_readonly_wins() {
    let readonly = |world: &World, flags: &Flags| {
        let settings = world.load(flags).unwrap();
        settings.profiles.iter().map(|(profile, _)| profile.readonly).collect::<Vec<_>>()
    };
    let none = Flags::default();
    assert_eq!(readonly(&World::new(TWO), &none), [false, true]);
    assert_eq!(readonly(&World::new(TWO).var("NICDECK_READONLY", "0"), &none), [false, true]);
    assert_eq!(readonly(&World::new(TWO).var("NICDECK_READONLY", "1"), &none), [true, true]);
    assert_eq!(readonly(&World::new(TWO), &Flags { readonly: true, ..Flags::default() }), [true, true]);
    let file = TWO.replace("language", "readonly = true\nlanguage");
    assert_eq!(readonly(&World::new(&file).var("NICDECK_READONLY", "false"), &none), [true, true]);
}

#[test]
fn an_endpoint_by_flag_or_variable_is_on_this_machine_or_the_profiles_own() {
    let hosts = |world: &World, endpoint: Option<&str>| {
        let flags = Flags { endpoint: endpoint.map(str::to_owned), ..Flags::default() };
        let settings = world.load(&flags).map_err(|error| told(&error))?;
        let hosts = settings.profiles.iter().map(|(profile, _)| profile.endpoint.clone().map(|it| it.host));
        Ok::<_, String>(hosts.collect::<Vec<_>>())
    };
    let plain = World::new(TWO);
    assert_eq!(hosts(&plain, None).unwrap(), [None, None]);
    for (given, host) in
        [("http://127.0.0.1:8080", "127.0.0.1:8080"), ("http://[::1]", "[::1]"), ("localhost:1", "localhost:1")]
    {
        assert_eq!(hosts(&plain, Some(given)).unwrap(), [Some(host.to_owned()), Some(host.to_owned())], "{given}");
    }
    let variable = World::new(TWO).var("NICDECK_ENDPOINT", "http://127.0.0.1:1");
    assert_eq!(hosts(&variable, None).unwrap()[0].as_deref(), Some("127.0.0.1:1"));
    assert_eq!(
        hosts(&variable, Some("http://127.0.0.1:2")).unwrap()[0].as_deref(),
        Some("127.0.0.1:2"),
        "the flag beats it"
    );
    for elsewhere in ["https://ecs.example.com", "https://127.0.0.1.example.com", "https://10.0.0.1"] {
        let error = hosts(&plain, Some(elsewhere)).unwrap_err();
        assert!(error.starts_with("--endpoint: ") && error.contains("on this machine"), "{error}");
    }
    assert!(hosts(&plain, Some("http://ecs.example.com")).unwrap_err().contains("http is allowed only for"));
    let mut first = World::new("");
    fs::remove_file(first.folder.path().join("config.toml")).unwrap();
    let here = first.load(&Flags { endpoint: Some("http://127.0.0.1:1".to_owned()), ..Flags::default() }).unwrap();
    assert_eq!(here.endpoint, Endpoint::parse("http://127.0.0.1:1").ok(), "for what the first run finds");
    let error = hosts(&first, Some("https://ecs.example.com")).unwrap_err();
    assert!(error.starts_with("--endpoint: ") && error.contains("on this machine"), "{error}");
    first = first.var("NICDECK_ENDPOINT", "https://ecs.example.com");
    assert!(hosts(&first, None).unwrap_err().starts_with("environment variable NICDECK_ENDPOINT: "));
    let demo = first.with(|env| without_file(&Flags::default(), env)).unwrap();
    assert_eq!(demo.endpoint, None, "the demo has clouds of its own");
    let own = GOOD.replace("regions", "endpoint = \"https://own.example.com\"\nregions");
    let own = World::new(&own);
    let named = [Some("own.example.com".to_owned())];
    assert_eq!(hosts(&own, Some("https://OWN.example.com:443/")).unwrap(), named, "the file says so itself");
    let loopback = World::new(&GOOD.replace("regions", "endpoint = \"http://127.0.0.1:8080\"\nregions"));
    for world in [own, loopback] {
        for other in ["https://other.example.com", "https://own.example.com:444"] {
            let error = hosts(&world, Some(other)).unwrap_err();
            assert!(error.starts_with("--endpoint: ") && error.contains("on this machine"), "{error}");
        }
        let world = world.var("NICDECK_ENDPOINT", "https://other.example.com");
        assert!(hosts(&world, None).unwrap_err().starts_with("environment variable NICDECK_ENDPOINT: "));
    }
}

#[test]
fn bad_variables_are_errors_that_name_them() {
    let world = World::new("version = 1").var("NICDECK_READONLY", "maybe").var("NICDECK_THEME", "pink");
    let found = world.keys(&Flags::default());
    let env = |name| (Origin::Env(name), "setting.not-one-of");
    assert_eq!(found, [env("NICDECK_THEME"), env("NICDECK_READONLY")]);
}

#[test]
fn color_obeys_flag_then_no_color_then_the_terminal() {
    let color = |world: &World, color| world.load(&Flags { color, ..Flags::default() }).unwrap().look.color;
    assert!(color(&World::new("version = 1"), None));
    assert!(!color(&World::new("version = 1").var("NO_COLOR", "0"), None), "any value counts");
    assert!(color(&World::new("version = 1").var("NO_COLOR", ""), None), "an empty one does not");
    assert!(!color(&World::new("version = 1").var("TERM", "dumb"), None));
    assert!(color(&World::new("version = 1").var("NO_COLOR", "1"), Some(ColorChoice::Always)));
    assert!(!color(&World::new("version = 1"), Some(ColorChoice::Never)));
    let mut piped = World::new("version = 1");
    piped.terminal = false;
    assert!(!color(&piped, None));
}

#[test]
fn profiles_and_regions_are_narrowed_by_name() {
    let world = World::new(TWO);
    let narrowed = |profiles: &[&str], regions: &[&str]| {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
        let flags = Flags { profiles: own(profiles), regions: own(regions), ..Flags::default() };
        world.load(&flags).map(|settings| {
            let name = |(profile, _): &(Profile, _)| {
                let regions: Vec<&str> = profile.regions.iter().map(RegionId::as_str).collect();
                format!("{} {}", profile.id, regions.join("+"))
            };
            settings.profiles.iter().map(name).collect::<Vec<_>>()
        })
    };
    assert_eq!(narrowed(&["two"], &[]).unwrap(), ["two b+c"]);
    assert_eq!(narrowed(&["two", "one"], &["b"]).unwrap(), ["one b", "two b"]);
    assert_eq!(narrowed(&[], &["a"]).unwrap(), ["one a"]);
    let error = narrowed(&["tow"], &[]).unwrap_err();
    assert_eq!(told(&error), "--profile: there is no profile \"tow\"; there is `one`, `two`; did you mean `two`?");
    let error = narrowed(&["one"], &["zz"]).unwrap_err();
    assert_eq!(told(&error), "--region: there is no region \"zz\"; there is `a`, `b`");
}

#[test]
fn no_config_is_no_error_but_a_named_one_has_to_be_there() {
    let world = World::new("");
    fs::remove_file(world.folder.path().join("config.toml")).unwrap();
    let settings = world.load(&Flags::default()).unwrap();
    assert!(settings.profiles.is_empty() && !settings.config.found);
    assert_eq!(settings.config.path, Some(world.folder.path().join("config.toml")));

    let named = world.folder.path().join("other.toml");
    let flags = Flags { config: Some(named.clone()), ..Flags::default() };
    assert_eq!(world.keys(&flags), [(Origin::WholeFile(named.clone()), "setting.no-file")]);
    let world = world.var("NICDECK_CONFIG", named.to_str().unwrap());
    assert_eq!(world.keys(&Flags::default()), [(Origin::WholeFile(named.clone()), "setting.no-file")]);
    fs::write(&named, TWO).unwrap();
    assert_eq!(world.load(&Flags::default()).unwrap().profiles.len(), 2);
}

#[test]
fn what_cannot_be_a_config_is_said_to_be_none() {
    let world = World::new("");
    let path = world.folder.path().join("config.toml");
    fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(world.keys(&Flags::default()), [(Origin::WholeFile(path.clone()), "setting.too-large")]);
    fs::write(&path, b"version = 1\n# \xff\xfe").unwrap();
    let error = world.load(&Flags::default()).unwrap_err();
    assert!(told(&error).ends_with("config.toml:2:3: not UTF-8; save the file as UTF-8"), "{error}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(world.keys(&Flags::default()), [(Origin::WholeFile(path), "setting.unreadable")]);
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_not_taken_for_no_config() {
    let world = World::new("");
    let path = world.folder.path().join("config.toml");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("nowhere", &path).unwrap();
    assert_eq!(world.keys(&Flags::default()), [(Origin::WholeFile(path), "setting.no-file")]);
}

#[test]
fn a_broken_config_still_has_a_look() {
    let world = World::new("version = [").var("NICDECK_LANG", "zh-CN").var("NICDECK_THEME", "pink");
    assert!(world.load(&Flags::default()).is_err());
    let look = world.with(|env| look(&Flags { ascii: true, ..Flags::default() }, env));
    assert_eq!((look.language, look.theme, look.borders), (Language::ZhCn, Theme::Auto, Borders::Ascii));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Any text gives a config or problems with places inside of it; a piece cut out of a good one as well.
    #[test]
    fn no_text_panics(start in 0usize..2000, length in 0usize..60, insert in "\\PC{0,8}") {
        let cut = |at: usize| EXAMPLE.char_indices().map(|(at, _)| at).nth(at).unwrap_or(EXAMPLE.len());
        let (from, to) = (cut(start), cut(start + length));
        let text = format!("{}{insert}{}", &EXAMPLE[..from], &EXAMPLE[to..]);
        if let Err(error) = parsed(&text) {
            let lines = u32::try_from(text.lines().count()).unwrap() + 1;
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                let Origin::File(place) = &problem.origin else { panic!("{problem}") };
                assert!((1..=lines).contains(&place.line) && place.column >= 1, "{problem}");
            }
        }
    }
}

#[test]
fn a_slip_of_the_finger_in_a_region_or_the_environment_is_told() {
    let clouds: Vec<_> = providers::all().iter().map(|cloud| cloud.descriptor()).collect();
    let text = "version = 1\n[[profile]]\nname = \"p\"\ncloud = \"aliyun\"\nregions = [\"cn-hangzhou\", \"cn-shangai\"]\nenv = \"prd\"\n";
    let error = parse(Path::new("c.toml"), text, &clouds, &|_| false).unwrap_err();
    assert_eq!(
        told(&error),
        "c.toml:5:27: `regions` has \"cn-shangai\"; did you mean `cn-shanghai`?\n\
         c.toml:6:7: `env` has \"prd\"; did you mean `prod`?"
    );
    assert!(
        parse(Path::new("c.toml"), &text.replace("shangai", "shanghai").replace("prd", "dev"), &clouds, &|_| false)
            .is_ok()
    );
}

/// Names in any case are taken where nothing could take them for a secret: by their words, or because there is such a variable.
#[test]
fn variables_in_mixed_case_are_names() {
    let of =
        |name: &str| parsed(&with(&format!("credentials = {{ from = \"env\", id = \"{name}\", secret = \"B\" }}")));
    for name in ["myKeyId", "MyKeyId", "My_Cloud_Key_Id", "aliyun_KEY_Id", "_Key", "AliYun9KeyOfMine17"] {
        assert!(of(name).is_ok(), "{name}");
    }
    for secret in [
        "LTAI5tQWERTY12345678abcd",
        "hXwPqRsTuVyZaBcDeFgHj",
        "hXw_PqRsTuVyZaBcDeFgHj",
        "aBcDeFgHiJkLmNoP",
        "AliYun9KeyOfMine18",
        "My_Key_9x2Lq",
    ] {
        assert!(
            problem(&with(&format!("credentials = {{ from = \"env\", id = \"{secret}\", secret = \"B\" }}")))
                .contains("does not belong in this file"),
            "{secret}"
        );
    }
}
