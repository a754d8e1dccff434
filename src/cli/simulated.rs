//! Why nothing is simulated, in words of two languages. What a parser or the operating system says stays in its own.

use crate::{
    sim::{
        hint::Hint,
        http::SimError,
        script::{EFFECTS, ScriptPlace, ScriptProblem},
        world::{Place, Problem},
    },
    simulate::SimulateError,
    ui::catalog::Catalog,
};

/// A sentence, with the file and the place in it.
pub(super) fn told(error: &SimulateError, words: &Catalog) -> String {
    let say = |key: &str, values: &[(&str, &str)]| words.text(key, values).into_owned();
    let reason = |key: &str, reason: &dyn std::fmt::Display| say(key, &[("reason", &reason.to_string())]);
    match error {
        SimulateError::UnknownCloud { name, hint } => {
            say("simulate-error.no-cloud", &[("name", name), ("hint", &told_hint(hint, words))])
        }
        SimulateError::FaultCloud { file, nth, name, hint } => {
            let place = fault(*nth, words);
            let what = say("simulate-error.no-cloud", &[("name", name), ("hint", &told_hint(hint, words))]);
            format!("{file}: {place}: {what}")
        }
        SimulateError::FaultAction { file, nth, name, hint } => {
            let place = fault(*nth, words);
            let what = say("simulate-error.no-action", &[("name", name), ("hint", &told_hint(hint, words))]);
            format!("{file}: {place}: {what}")
        }
        SimulateError::LeftOut { file, cloud } => {
            format!("{file}: {}", say("simulate-error.left-out", &[("cloud", cloud)]))
        }
        SimulateError::Read { file, source } => format!("{file}: {source}"),
        SimulateError::World(error) => {
            let place = match &error.place {
                Place::Text { line, column, path } if path.is_empty() => at(*line, *column, words),
                Place::Text { line, column, path } => format!("{}, {path}", at(*line, *column, words)),
                Place::Object(path) => path.clone(),
            };
            let object = if error.object.is_empty() { String::new() } else { format!(" ({})", error.object) };
            format!("{}: {place}{object}: {}", error.file, world(&error.problem, words))
        }
        SimulateError::Script(error) => {
            let place = match error.place {
                ScriptPlace::Text { line, column } => at(line, column, words),
                ScriptPlace::Fault(nth) => fault(nth, words),
            };
            format!("{}: {place}: {}", error.file, script(&error.problem, words))
        }
        SimulateError::NoPort(address) => say("simulate-error.no-port", &[("address", &address.to_string())]),
        SimulateError::Start(error) => listening(error, words),
        SimulateError::Print(error) => reason("command-line.no-output", error),
        SimulateError::Signal(error) => reason("simulate-error.signals", error),
    }
}

/// Why a simulated cloud cannot listen.
fn listening(error: &SimError, words: &Catalog) -> String {
    match error {
        SimError::NotLoopback(address) => {
            words.text("simulate-error.not-loopback", &[("address", &address.to_string())]).into_owned()
        }
        SimError::Listen { address, source } => {
            let (address, reason) = (address.to_string(), source.to_string());
            words.text("simulate-error.listen", &[("address", &address), ("reason", &reason)]).into_owned()
        }
    }
}

fn told_hint(hint: &Hint, words: &Catalog) -> String {
    match hint {
        Hint::Near(id) => words.text("simulate-error.meant", &[("name", id)]).into_owned(),
        Hint::All(names) => words.text("simulate-error.there-are", &[("names", names)]).into_owned(),
    }
}

fn at(line: usize, column: usize, words: &Catalog) -> String {
    words.text("simulate-error.at", &[("line", &line.to_string()), ("column", &column.to_string())]).into_owned()
}

fn fault(nth: usize, words: &Catalog) -> String {
    words.text("simulate-error.fault", &[("nth", &nth.to_string())]).into_owned()
}

fn script(problem: &ScriptProblem, words: &Catalog) -> String {
    match problem {
        ScriptProblem::Syntax(reason) => reason.clone(),
        ScriptProblem::NoMs => words.word("simulate-error.no-ms").to_owned(),
        ScriptProblem::NoMember => words.word("simulate-error.no-member").to_owned(),
        ScriptProblem::Ms => words.word("simulate-error.ms").to_owned(),
        ScriptProblem::MsOrder => words.word("simulate-error.ms-order").to_owned(),
        ScriptProblem::NoEffect(name) => {
            words.text("simulate-error.no-effect", &[("name", name), ("names", EFFECTS)]).into_owned()
        }
        ScriptProblem::NotOfEffect { key, effect } => {
            words.text("simulate-error.not-of-effect", &[("key", key), ("effect", effect)]).into_owned()
        }
        ScriptProblem::Status => words.word("simulate-error.status").to_owned(),
        ScriptProblem::Every => words.word("simulate-error.every").to_owned(),
        ScriptProblem::Probability => words.word("simulate-error.probability").to_owned(),
    }
}

fn world(problem: &Problem, words: &Catalog) -> String {
    let of = |key: &str, name: &str, value: &str| words.text(key, &[(name, value)]).into_owned();
    match problem {
        Problem::Json(reason) => reason.clone(),
        Problem::NoFile => words.word("simulate-error.no-file").to_owned(),
        Problem::OtherProvider { first, found } => {
            words.text("simulate-error.other-provider", &[("first", first), ("found", found)]).into_owned()
        }
        Problem::Empty => words.word("simulate-error.empty").to_owned(),
        Problem::Status { word, hint } => {
            words.text("simulate-error.no-status", &[("word", word), ("hint", &told_hint(hint, words))]).into_owned()
        }
        Problem::Subject { hint } => of("simulate-error.no-subject", "hint", &told_hint(hint, words)),
        Problem::Code { code, hint: None } => of("simulate-error.no-code", "code", code),
        Problem::Code { code, hint: Some(hint) } => {
            words.text("simulate-error.no-such-code", &[("code", code), ("hint", &told_hint(hint, words))]).into_owned()
        }
        Problem::Unheeded { member } => of("simulate-error.unheeded", "member", member),
        Problem::Control => words.word("simulate-error.control").to_owned(),
        Problem::DuplicateId(first) => of("simulate-error.duplicate-id", "first", first),
        Problem::NoInstance(id) => of("simulate-error.no-instance", "id", id),
        Problem::PrimaryAlone => words.word("simulate-error.primary-alone").to_owned(),
        Problem::SecondPrimaryNic { instance, first } => {
            words.text("simulate-error.second-primary", &[("id", instance), ("first", first)]).into_owned()
        }
        Problem::PrimaryAddresses(count) => of("simulate-error.primary-addresses", "count", &count.to_string()),
        Problem::VirtualPrimary => words.word("simulate-error.virtual-primary").to_owned(),
        Problem::NotIpv4(ip) => of("simulate-error.not-ipv4", "ip", &ip.to_string()),
        Problem::NotIpv6(ip) => of("simulate-error.not-ipv6", "ip", &ip.to_string()),
        Problem::NotCidr(text) => of("simulate-error.not-cidr", "text", text),
        Problem::DuplicateAddress { ip, first } => {
            words.text("simulate-error.duplicate-address", &[("ip", &ip.to_string()), ("first", first)]).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::{
        app::state::Language,
        sim::{
            script::Script,
            world::{Codes, World, WorldFile, check_stated},
        },
        ui::catalog::Catalogs,
    };

    fn fault(text: &str) -> SimulateError {
        Script::parse("faults.toml", text).unwrap_err().into()
    }

    /// One region of one cloud, with this as its NICs.
    fn nics(nics: &str) -> SimulateError {
        let text = format!(
            r#"{{"provider": "p", "region": "r", "instances": [{{"id": "i", "status": "RUNNING"}}], "nics": [{nics}]}}"#
        );
        match WorldFile::parse("world.json", &text) {
            Err(error) => error.into(),
            Ok(file) => World::from_files(vec![("world.json".to_owned(), file)]).unwrap_err().into(),
        }
    }

    fn nic(id: &str, addresses: &str) -> String {
        format!(
            r#"{{"id": "{id}", "instance_id": "i", "primary": true, "status": "USED", "addresses": [{addresses}]}}"#
        )
    }

    /// A world whose instance has this status, held against the first cloud's words.
    fn status(word: &str) -> SimulateError {
        let text = format!(r#"{{"provider": "p", "region": "r", "instances": [{{"id": "i", "status": "{word}"}}]}}"#);
        let dialect = crate::providers::all()[0].dialect();
        let file = WorldFile::parse("world.json", &text).unwrap();
        file.check_words("world.json", dialect.vocabulary()).unwrap_err().into()
    }

    /// A world of the first cloud that states this.
    fn refusal(name: &str, code: &str) -> SimulateError {
        stated(&format!(r#"[{{"id": "i-1", "status": "S"}}], "refusals": {{"{name}": "{code}"}}"#))
    }

    fn stated(instances: &str) -> SimulateError {
        let text = format!(r#"{{"provider": "p", "region": "r", "instances": {instances}}}"#);
        let cloud = crate::providers::all()[0];
        let file = ("world.json".to_owned(), WorldFile::parse("world.json", &text).unwrap());
        check_stated(&[file], cloud.dialect().as_ref(), &Codes::of(cloud.descriptor().errors)).unwrap_err().into()
    }

    const PRIMARY: &str = r#"{"ip": "10.0.0.1", "primary": true}"#;

    fn errors() -> Vec<SimulateError> {
        let address: SocketAddr = "10.0.0.1:80".parse().unwrap();
        let io = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let name = || "aliyn".to_owned();
        let own = nic("n", PRIMARY);
        vec![
            SimulateError::UnknownCloud { name: name(), hint: Hint::Near("aliyun".into()) },
            SimulateError::UnknownCloud { name: name(), hint: Hint::All("one, two".into()) },
            SimulateError::FaultCloud {
                file: "f.toml".to_owned(),
                nth: 2,
                name: name(),
                hint: Hint::Near("aliyun".into()),
            },
            SimulateError::FaultAction {
                file: "f.toml".to_owned(),
                nth: 1,
                name: "Lst*".to_owned(),
                hint: Hint::Near("List*".into()),
            },
            status("RUNING"),
            status("x"),
            refusal("DetachNetworkInterfce", "X"),
            refusal("Nope", "X"),
            stated(r#"[{"id": "i-1", "status": "S", "locked": true}]"#),
            refusal("i-1", "FORBIDEN"),
            refusal("i-1", "INTERNAL_SERVER_ERORR"),
            SimulateError::LeftOut { file: "w.json".to_owned(), cloud: name() },
            SimulateError::NoPort(address),
            SimulateError::Start(SimError::NotLoopback(address)),
            SimulateError::Start(SimError::Listen { address, source: io() }),
            SimulateError::Signal(io()),
            fault("[[fault]]\neffect = \"explode\"\n"),
            fault("[[fault]]\neffect = \"delay\"\n"),
            fault("[[fault]]\neffect = \"delay\"\nms = [9, 2]\n"),
            fault("[[fault]]\neffect = \"delay\"\nms = \"x\"\n"),
            fault("[[fault]]\neffect = \"hang\"\nms = 9\n"),
            fault("[[fault]]\neffect = \"garbage\"\nstatus = 7\n"),
            fault("[[fault]]\neffect = \"hang\"\nevery = 0\n"),
            fault("[[fault]]\neffect = \"hang\"\nprobability = 2.0\n"),
            fault("[[fault]\n"),
            nics("{"),
            nics(&nic("", PRIMARY)),
            nics(&nic("n\\u0007", PRIMARY)),
            nics(&format!("{own}, {own}")),
            nics(&own.replace(r#""instance_id": "i""#, r#""instance_id": "j""#)),
            nics(&own.replace(r#""instance_id": "i""#, r#""instance_id": null"#)),
            nics(&format!("{own}, {}", nic("m", r#"{"ip": "10.0.0.2", "primary": true}"#))),
            nics(&nic("n", r#"{"ip": "10.0.0.2"}"#)),
            nics(&nic("n", r#"{"ip": "10.0.0.1", "primary": true, "virtual": true}"#)),
            nics(&nic("n", r#"{"ip": "fd00::1", "primary": true}"#)),
            nics(&nic("n", &format!(r#"{PRIMARY}, {{"ip": "10.0.0.1"}}"#))),
        ]
    }

    #[test]
    fn every_error_has_its_place_and_its_words_in_both_languages() {
        let catalogs = Catalogs::embedded().unwrap();
        for error in errors() {
            let [english, chinese] =
                [Language::English, Language::Chinese].map(|language| told(&error, catalogs.of(language)));
            assert_eq!(english, error.to_string(), "the console says what a caller is told");
            let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(chinese.contains(is_chinese) && !english.contains(is_chinese), "{chinese}");
            // What is data stays as it is: files, ids, addresses.
            let data = |text: &str| -> Vec<String> {
                let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "._-[]".contains(c)));
                let mut data: Vec<String> = words
                    .filter(|word| word.contains(|c: char| c.is_ascii_digit() || c == '['))
                    .map(|word| word.trim_matches('.').to_owned())
                    .collect();
                data.sort();
                data
            };
            assert_eq!(data(&english), data(&chinese), "{english}\n{chinese}");
        }
    }
}
