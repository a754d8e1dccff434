//! Faults to inject: what goes wrong, with which requests, how often. From a file or from code; the same seed, the
//! same faults.
//! Knows actions by name only, and no vendor's errors: a dialect says what a throttled answer looks like.

use serde::Deserialize;

use super::random::Random;

/// A script that explains every key.
pub const EXAMPLE: &str = include_str!("../../assets/faults.example.toml");

/// Bytes of an oversized answer that does not say how many.
const OVERSIZE: u64 = 100 * 1024 * 1024;

/// What happens to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The answer comes this many milliseconds later (a number between the two). Delays add up; all else happens
    /// after them.
    Delay { from_ms: u64, to_ms: u64 },
    /// The vendor's throttling error; nothing is done.
    Throttle,
    /// The same, which wishes no such call for so many milliseconds, told in whole seconds.
    ThrottleFor { ms: u64 },
    /// The vendor's internal error (5xx); nothing is done.
    Internal,
    /// The vendor's "unavailable" (503); nothing is done.
    Unavailable,
    /// The connection is reset; nothing is done.
    Reset,
    /// No answer, until the client gives up; nothing is done.
    Hang,
    /// A gateway's HTML page with this status; nothing is done.
    Garbage { status: u16 },
    /// A success without a body; nothing is done.
    Empty,
    /// The answer in UTF-16.
    Charset,
    /// Half of the answer's body, then the connection closes.
    Half,
    /// What was asked is done, and the connection closes without an answer.
    Lost,
    /// 302 to another address; nothing is done.
    Redirect { location: String },
    /// An answer of this many bytes; nothing is done.
    Oversize { bytes: u64 },
    /// The answer without this member of its JSON, by the way to it through the objects (`port/fixed_ips`); lists are passed through.
    Cut { member: String },
}

/// One line of a script.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Only on this cloud.
    pub cloud: Option<String>,
    /// Only this action; with a `*` at the end, those that begin so.
    pub action: Option<String>,
    /// Only writes (or only reads).
    pub write: Option<bool>,
    /// Leaves the first ones of the matching requests alone.
    pub skip: u64,
    /// Of the rest, each third (say) one.
    pub every: u64,
    /// Strikes at most this many times.
    pub first: Option<u64>,
    /// Strikes with this probability, 0 to 1.
    pub probability: f64,
    pub trouble: Trouble,
}

impl Rule {
    /// Strikes always.
    pub fn new(trouble: Trouble) -> Self {
        Self { cloud: None, action: None, write: None, skip: 0, every: 1, first: None, probability: 1.0, trouble }
    }

    /// Delays each answer by this much.
    pub fn delay(ms: u64) -> Self {
        Self::new(Trouble::Delay { from_ms: ms, to_ms: ms })
    }

    #[must_use]
    pub fn action(mut self, name: &str) -> Self {
        self.action = Some(name.to_owned());
        self
    }

    #[must_use]
    pub fn writes(mut self) -> Self {
        self.write = Some(true);
        self
    }

    #[must_use]
    pub fn reads(mut self) -> Self {
        self.write = Some(false);
        self
    }

    #[must_use]
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    #[must_use]
    pub fn every(mut self, nth: u64) -> Self {
        self.every = nth;
        self
    }

    #[must_use]
    pub fn first(mut self, times: u64) -> Self {
        self.first = Some(times);
        self
    }

    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    fn matches(&self, cloud: &str, action: &str, write: bool) -> bool {
        self.cloud.as_ref().is_none_or(|wanted| wanted == cloud)
            && self.write.is_none_or(|wanted| wanted == write)
            && self.action.as_ref().is_none_or(|wanted| is_like(action, wanted))
    }
}

/// Is this the name, or does it begin like a name that ends in `*`?
pub fn is_like(action: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => action.starts_with(start),
        None => action == wanted,
    }
}

/// Rules in the order of the file. Of those that strike a request, the first that is no delay decides.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Script {
    pub seed: u64,
    pub rules: Vec<Rule>,
}

impl Script {
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { seed: 0, rules: rules.into_iter().collect() }
    }

    /// Reads a script. A name that ends in `.json` means JSON, every other one TOML:
    ///
    /// ```toml
    /// seed = 7
    /// [[fault]]
    /// action = "Describe*"   # optional; also: cloud, write, skip, every, first, probability
    /// effect = "delay"       # throttle internal unavailable reset hang garbage empty charset half lost redirect oversize
    /// ms = [20, 200]         # garbage: status; redirect: location; oversize: bytes
    /// ```
    ///
    /// # Errors
    /// Syntax, an unknown key or effect, a number out of range: with file and place.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScriptError> {
        let fail = |place, problem| ScriptError { file: file.to_owned(), place, problem };
        let json = std::path::Path::new(file).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let raw: RawScript = if json {
            serde_json::from_str(text).map_err(|error| {
                let message = error.to_string();
                let reason = message.split(" at line ").next().unwrap_or(&message).to_owned();
                let place = ScriptPlace::Text { line: error.line(), column: error.column() };
                fail(place, ScriptProblem::Syntax(reason))
            })?
        } else {
            toml::from_str(text).map_err(|error| {
                let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or(text);
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
                fail(ScriptPlace::Text { line, column }, ScriptProblem::Syntax(error.message().to_owned()))
            })?
        };
        let rules = raw.fault.into_iter().enumerate();
        let rules = rules.map(|(at, rule)| rule.resolve().map_err(|problem| fail(ScriptPlace::Fault(at + 1), problem)));
        Ok(Self { seed: raw.seed, rules: rules.collect::<Result<_, _>>()? })
    }
}

/// A script that was not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}: {place}: {problem}")]
pub struct ScriptError {
    pub file: String,
    pub place: ScriptPlace,
    pub problem: ScriptProblem,
}

/// Where in a script; all from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScriptPlace {
    Text { line: usize, column: usize },
    Fault(usize),
}

impl std::fmt::Display for ScriptPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ScriptPlace::Text { line, column } => write!(f, "line {line}, column {column}"),
            ScriptPlace::Fault(nth) => write!(f, "fault {nth}"),
        }
    }
}

/// What is wrong with a script.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScriptProblem {
    /// In the parser's own words.
    #[error("{0}")]
    Syntax(String),
    #[error("a delay needs ms = 80, or ms = [20, 200]")]
    NoMs,
    #[error("cut wants the member that is left out: member = \"port/fixed_ips\"")]
    NoMember,
    #[error("ms is a whole number of milliseconds, or two of them: ms = 80, or ms = [20, 200]")]
    Ms,
    #[error("ms: the smaller number stands first")]
    MsOrder,
    #[error("there is no effect \"{0}\"; there are {EFFECTS}")]
    NoEffect(String),
    #[error("\"{key}\" means nothing to the effect \"{effect}\"")]
    NotOfEffect { key: &'static str, effect: String },
    #[error("status is a number from 200 to 599")]
    Status,
    #[error("every is at least 1")]
    Every,
    #[error("probability is a number from 0 to 1")]
    Probability,
}

/// The effects there are.
pub const EFFECTS: &str =
    "delay, throttle, internal, unavailable, reset, hang, garbage, empty, charset, half, lost, redirect, oversize, cut";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScript {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    fault: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    effect: String,
    cloud: Option<String>,
    action: Option<String>,
    write: Option<bool>,
    skip: Option<u64>,
    every: Option<u64>,
    first: Option<u64>,
    probability: Option<f64>,
    ms: Option<Milliseconds>,
    status: Option<u16>,
    location: Option<String>,
    bytes: Option<u64>,
    member: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(untagged)]
enum Milliseconds {
    Fixed(u64),
    Range([u64; 2]),
    /// Anything else: told in words of our own, with its fault's number.
    Wrong(serde::de::IgnoredAny),
}

impl RawRule {
    fn resolve(self) -> Result<Rule, ScriptProblem> {
        let trouble = match self.effect.as_str() {
            "delay" => match self.ms {
                None => return Err(ScriptProblem::NoMs),
                Some(Milliseconds::Fixed(ms)) => Trouble::Delay { from_ms: ms, to_ms: ms },
                Some(Milliseconds::Range([from_ms, to_ms])) if from_ms <= to_ms => Trouble::Delay { from_ms, to_ms },
                Some(Milliseconds::Range(_)) => return Err(ScriptProblem::MsOrder),
                Some(Milliseconds::Wrong(_)) => return Err(ScriptProblem::Ms),
            },
            "throttle" => match self.ms {
                None => Trouble::Throttle,
                Some(Milliseconds::Fixed(ms)) => Trouble::ThrottleFor { ms },
                Some(_) => return Err(ScriptProblem::Ms),
            },
            "internal" => Trouble::Internal,
            "unavailable" => Trouble::Unavailable,
            "reset" => Trouble::Reset,
            "hang" => Trouble::Hang,
            "garbage" => Trouble::Garbage { status: self.status.unwrap_or(200) },
            "empty" => Trouble::Empty,
            "charset" => Trouble::Charset,
            "half" => Trouble::Half,
            "lost" => Trouble::Lost,
            "redirect" => Trouble::Redirect {
                location: self.location.clone().unwrap_or_else(|| "https://example.invalid/".to_owned()),
            },
            "oversize" => Trouble::Oversize { bytes: self.bytes.unwrap_or(OVERSIZE) },
            "cut" => Trouble::Cut { member: self.member.clone().ok_or(ScriptProblem::NoMember)? },
            other => {
                return Err(ScriptProblem::NoEffect(other.escape_debug().to_string()));
            }
        };
        let fits = [
            ("ms", self.ms.is_some(), matches!(trouble, Trouble::Delay { .. } | Trouble::ThrottleFor { .. })),
            ("status", self.status.is_some(), matches!(trouble, Trouble::Garbage { .. })),
            ("location", self.location.is_some(), matches!(trouble, Trouble::Redirect { .. })),
            ("bytes", self.bytes.is_some(), matches!(trouble, Trouble::Oversize { .. })),
            ("member", self.member.is_some(), matches!(trouble, Trouble::Cut { .. })),
        ];
        if let Some((key, ..)) = fits.into_iter().find(|(_, given, fit)| *given && !*fit) {
            return Err(ScriptProblem::NotOfEffect { key, effect: self.effect.clone() });
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err(ScriptProblem::Status);
        }
        if self.every == Some(0) {
            return Err(ScriptProblem::Every);
        }
        let probability = self.probability.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err(ScriptProblem::Probability);
        }
        Ok(Rule {
            cloud: self.cloud,
            action: self.action,
            write: self.write,
            skip: self.skip.unwrap_or(0),
            every: self.every.unwrap_or(1),
            first: self.first,
            probability,
            trouble,
        })
    }
}

/// What a script says about one request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decision {
    pub delay_ms: u64,
    /// Never a delay.
    pub trouble: Option<Trouble>,
}

/// A script being played.
#[derive(Debug)]
pub struct Player {
    rules: Vec<Played>,
    random: Random,
}

#[derive(Debug)]
struct Played {
    rule: Rule,
    seen: u64,
    struck: u64,
}

impl Player {
    /// `seed` is joined with the script's own.
    pub fn new(script: Script, seed: u64) -> Self {
        let random = Random::named(script.seed ^ seed, "script");
        let rules = script.rules.into_iter().map(|rule| Played { rule, seen: 0, struck: 0 }).collect();
        Self { rules, random }
    }

    /// Adds a rule behind the others.
    pub fn push(&mut self, rule: Rule) {
        self.rules.push(Played { rule, seen: 0, struck: 0 });
    }

    /// What happens to the next request, which this is.
    pub fn decide(&mut self, cloud: &str, action: &str, write: bool) -> Decision {
        let mut decision = Decision::default();
        for played in &mut self.rules {
            let rule = &played.rule;
            if !rule.matches(cloud, action, write) {
                continue;
            }
            played.seen += 1;
            let Some(nth) = played.seen.checked_sub(rule.skip).filter(|nth| *nth > 0) else { continue };
            let strikes = nth.is_multiple_of(rule.every.max(1))
                && rule.first.is_none_or(|times| played.struck < times)
                && self.random.probability(rule.probability);
            if !strikes {
                continue;
            }
            match &rule.trouble {
                Trouble::Delay { from_ms, to_ms } => {
                    decision.delay_ms = decision.delay_ms.saturating_add(self.random.between(*from_ms, *to_ms));
                }
                // An earlier rule decided: this one waits for the next request.
                _ if decision.trouble.is_some() => continue,
                trouble => decision.trouble = Some(trouble.clone()),
            }
            played.struck += 1;
        }
        decision
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn struck(rule: Rule, requests: usize) -> Vec<usize> {
        let mut player = Player::new(Script::of([rule]), 3);
        (1..=requests).filter(|_| player.decide("cloud", "ListThings", false).trouble.is_some()).collect()
    }

    #[test]
    fn the_example_is_taken_and_names_every_key_and_effect() {
        let script = Script::parse("example.toml", EXAMPLE).unwrap();
        assert!(script.rules.len() > 4);
        let keys =
            ["cloud", "action", "write", "skip", "every", "first", "probability", "ms", "status", "location", "bytes"];
        for key in keys {
            assert!(EXAMPLE.contains(&format!("\n{key} = ")), "{key}");
        }
        let refused = Script::parse("x.toml", "[[fault]]\neffect = \"x\"\n").unwrap_err().to_string();
        let effects = refused.split("there are ").nth(1).unwrap();
        assert!(effects.split(", ").all(|effect| EXAMPLE.contains(effect)), "{effects}");
    }

    #[test]
    fn a_throttle_may_say_for_how_long() {
        let of = |line: &str| Script::parse("x.toml", &format!("[[fault]]\neffect = \"throttle\"\n{line}"));
        let trouble = |line| of(line).unwrap().rules[0].trouble.clone();
        assert_eq!(trouble(""), Trouble::Throttle);
        assert_eq!(trouble("ms = 45000"), Trouble::ThrottleFor { ms: 45_000 });
        assert!(of("ms = [1, 2]").is_err());
    }

    #[test]
    fn rules_strike_which_and_when_they_say() {
        let throttle = || Rule::new(Trouble::Throttle);
        assert_eq!(struck(throttle(), 3), [1, 2, 3]);
        assert_eq!(struck(throttle().first(2), 4), [1, 2]);
        assert_eq!(struck(throttle().every(3), 7), [3, 6]);
        assert_eq!(struck(throttle().every(2).skip(1).first(2), 9), [3, 5]);
        assert_eq!(struck(throttle().action("List*"), 1), [1]);
        assert_eq!(struck(throttle().action("List"), 3), [0_usize; 0]);
        assert_eq!(struck(throttle().writes(), 3), [0_usize; 0]);
        assert_eq!(struck(throttle().reads(), 1), [1]);
        assert_eq!(struck(throttle().probability(0.0), 50), [0_usize; 0]);
        let half = struck(throttle().probability(0.5), 200);
        assert!((70..130).contains(&half.len()), "{}", half.len());
        assert_eq!(half, struck(throttle().probability(0.5), 200), "the same seed, the same faults");
        let mut elsewhere = throttle();
        elsewhere.cloud = Some("other".to_owned());
        assert_eq!(struck(elsewhere, 3), [0_usize; 0]);
    }

    #[test]
    fn delays_add_up_and_the_first_other_trouble_decides() {
        let mut player = Player::new(
            Script::of([
                Rule::delay(20),
                Rule::new(Trouble::Reset).first(1),
                Rule::new(Trouble::Hang).first(1),
                Rule::new(Trouble::Delay { from_ms: 5, to_ms: 10 }),
            ]),
            0,
        );
        let first = player.decide("cloud", "A", true);
        assert_eq!(first.trouble, Some(Trouble::Reset));
        assert!((25..=30).contains(&first.delay_ms), "{}", first.delay_ms);
        assert_eq!(player.decide("cloud", "A", true).trouble, Some(Trouble::Hang), "it was not used up by the first");
        assert_eq!(player.decide("cloud", "A", true).trouble, None);
        player.push(Rule::new(Trouble::Lost));
        assert_eq!(player.decide("cloud", "A", true).trouble, Some(Trouble::Lost));
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = r#"
            seed = 9
            [[fault]]
            cloud = "a"
            action = "List*"
            write = false
            skip = 1
            every = 2
            first = 3
            probability = 0.25
            effect = "delay"
            ms = [20, 80]
            [[fault]]
            effect = "oversize"
            [[fault]]
            effect = "garbage"
            status = 502
        "#;
        let json = r#"{"seed": 9, "fault": [
            {"cloud": "a", "action": "List*", "write": false, "skip": 1, "every": 2, "first": 3, "probability": 0.25,
             "effect": "delay", "ms": [20, 80]}, {"effect": "oversize"}, {"effect": "garbage", "status": 502}]}"#;
        let script = Script::parse("faults.toml", toml).unwrap();
        assert_eq!(script, Script::parse("faults.JSON", json).unwrap());
        assert_eq!(script.rules[0].trouble, Trouble::Delay { from_ms: 20, to_ms: 80 });
        assert_eq!(script.rules[1].trouble, Trouble::Oversize { bytes: OVERSIZE });
        assert_eq!(script.rules[2].trouble, Trouble::Garbage { status: 502 });
        assert_eq!((script.seed, script.rules[0].skip, script.rules[0].first), (9, 1, Some(3)));
        for effect in
            ["throttle", "internal", "unavailable", "reset", "hang", "empty", "charset", "half", "lost", "redirect"]
        {
            let script = Script::parse("f.toml", &format!("[[fault]]\neffect = \"{effect}\"")).unwrap();
            assert_eq!(script.rules.len(), 1, "{effect}");
        }
    }

    #[test]
    fn a_wrong_script_names_file_place_and_reason() {
        let cases = [
            ("[[fault]]\neffect = \"throtle\"", "f.toml: fault 1: there is no effect \"throtle\"; there are delay,"),
            ("[[fault]]\neffect = \"delay\"", "f.toml: fault 1: a delay needs ms"),
            ("[[fault]]\neffect = \"delay\"\nms = [9, 3]", "f.toml: fault 1: ms: the smaller number"),
            (
                "[[fault]]\neffect = \"delay\"\nms = \"x\"",
                "f.toml: fault 1: ms is a whole number of milliseconds, or two",
            ),
            ("[[fault]]\neffect = \"delay\"\nms = [1, 2, 3]", "f.toml: fault 1: ms is a whole number of milliseconds"),
            ("[[fault]]\neffect = \"delay\"\nms = -5", "f.toml: fault 1: ms is a whole number of milliseconds"),
            ("[[fault]]\neffect = \"lost\"\nms = 3", "f.toml: fault 1: \"ms\" means nothing to the effect \"lost\""),
            ("[[fault]]\neffect = \"lost\"\nevery = 0", "f.toml: fault 1: every is at least 1"),
            ("[[fault]]\neffect = \"garbage\"\nstatus = 99", "f.toml: fault 1: status is a number from 200 to 599"),
            ("[[fault]]\neffect = \"lost\"\nprobability = 1.5", "f.toml: fault 1: probability is a number"),
            ("[[fault]]\n\neffct = \"lost\"", "f.toml: line 3, column 1: unknown field `effct`"),
            ("seed = 1\n[[fault]\n", "f.toml: line 2, column "),
        ];
        for (text, wanted) in cases {
            let error = Script::parse("f.toml", text).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "wanted: {wanted}\n   got: {error}");
        }
        let error = Script::parse("f.json", r#"{"fault": [{"effect": "delay", "ms": {"from": 2}}]}"#).unwrap_err();
        assert_eq!((error.place, error.problem), (ScriptPlace::Fault(1), ScriptProblem::Ms));
        let error = Script::parse("f.json", "{\n\"fault\": 3}").unwrap_err().to_string();
        assert_eq!(error, "f.json: line 2, column 10: invalid type: integer `3`, expected a sequence");
    }
}
