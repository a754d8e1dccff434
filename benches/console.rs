//! What people wait for, at 100,000 addresses on 25,000 NICs: frames, key strokes, pages that come in.
//!
//! Budgets: a frame of 200x60 1 ms, a key stroke in the filter 5 ms, a page of 500 NICs 2 ms, all rules about
//! everything 100 ms, a plan of 1,000 addresses after its fresh reads 100 ms.

// A bench that unwraps fails where it should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use std::{cell::RefCell, sync::Arc};

use divan::{Bencher, black_box};
use nicdeck::{
    app::{
        effect::Effect,
        key::{Input, Key},
        msg::{InventoryEvent, Msg, PreflightEvent},
        plan_view::Freshness,
        state::State,
        update,
    },
    domain::{
        address::{Eip, EipBinding},
        ids::{NicKey, ProfileId},
        page::{InventoryPage, Resource},
        plan::Belts,
        snapshot::NicSnapshot,
    },
    filter,
    rules::{self, Safety, facts::Facts},
    ui::{
        self,
        skin::{Borders, Skin},
        theme::{Depth, ThemeName},
    },
};
use ratatui::{Terminal, backend::TestBackend};
use world::{Console, NICS, NOW, PAGE, float, page, section};

thread_local!(static CONSOLE: RefCell<Console> = RefCell::new(Console::new(NICS)));

fn with(work: impl FnOnce(&RefCell<Console>)) {
    CONSOLE.with(work);
}

fn main() {
    divan::main();
}

/// One frame after the cursor moved, drawn and compared with the one before.
#[divan::bench(args = [
    "tree and table", "sorted beside the tree", "end of the tree", "tree alone", "middle of the tree", "table", "filtered",
    "1000 marks hidden by a filter", "100000 marks",
])]
fn frame(bencher: Bencher, what: &str) {
    with(|console| {
        let mut console = console.borrow_mut();
        match what {
            "table" => console.keys("t"),
            "sorted beside the tree" => console.keys("o o"),
            "end of the tree" => console.keys("s-tab G"),
            "tree alone" => console.resize(179),
            "filtered" => console.filter("web"),
            "1000 marks hidden by a filter" => {
                console.filter("ip:10.0.0.0/20");
                console.keys("enter a");
                console.filter("ip:10.1.0.0/16");
            }
            "100000 marks" => console.keys("a"),
            "middle of the tree" => {
                console.resize(179);
                console.keys("G");
                (0..600).for_each(|_| console.keys("pgup"));
            }
            _ => {}
        }
        let skin = Skin::new(ThemeName::Dark, Depth::True, Borders::Unicode).expect("the skin loads");
        let mut terminal =
            Terminal::new(TestBackend::new(console.state.size.columns, 60)).expect("a terminal in memory");
        let mut down = false;
        bencher.bench_local(|| {
            down = !down;
            let step = if down { 1 } else { -1 };
            let len = console.state.browse.rows.len();
            console.state.browse.view.step(step, len, 50);
            terminal
                .draw(|frame| {
                    let _ = ui::view(&console.state, &skin, frame);
                })
                .expect("drawn")
                .area
        });
        *console = Console::new(NICS);
    });
}

/// The last character of a filter is typed: read, matched against everything, listed.
#[divan::bench(sample_size = 1, sample_count = 60, args = [
    "w", "web", "网关", "web-77", "10.0.1", "10.0.1.17", "ip:10.0.0.0/16", "ip:203.0.0.10", "cloud:aliyun state:running",
    "level:ok", "web zzz", "stat", "-has:eip kind:secondary", "has:lb", "nic:eni-bp1*", "name:/^web-\\d7/", "finding:eip-attached web", "büro",
    "vpc:vpc-bp1a", "sg:sg-bp1*", "mac:00:16:3e:0", "instance:web*", "tag:web", "age<1h", "marked:yes", "eips>0", "zone:cn-hangzhou-i web",
])]
fn keystroke(bencher: Bencher, text: &str) {
    with(|console| {
        console.borrow_mut().keys("j j");
        typed(bencher, console, text);
        console.borrow_mut().unfilter();
    });
}

/// The same in the table.
#[divan::bench(sample_size = 1, sample_count = 60, args = ["web", "10.0.1", "level:ok"])]
fn keystroke_in_table(bencher: Bencher, text: &str) {
    with(|console| {
        console.borrow_mut().keys("t");
        typed(bencher, console, text);
        console.borrow_mut().unfilter();
        console.borrow_mut().keys("t");
    });
}

fn typed(bencher: Bencher, console: &RefCell<Console>, text: &str) {
    let (last, before) = text.char_indices().next_back().map(|(at, c)| (c, &text[..at])).expect("a character");
    bencher
        .with_inputs(|| console.borrow_mut().filter(before))
        .bench_local_values(|()| console.borrow_mut().key(black_box(Key::char(last))));
}

/// A page of 500 NICs arrives: merged, judged, filtered, listed. `layout` is a word of keys; new NICs come at the end of all, or
/// lie scattered among the others. With it `tables grow`: the page after which one more NIC than before fits no table of ids.
#[divan::bench(sample_size = 1, sample_count = 30, args = [
    "known", "known, changed", "new", "new, scattered", "new, filtered", "new, all marked",
    "table: known", "table: known, changed", "table: new", "table: new, scattered", "table: new, filtered",
    "table, level: new, scattered", "table, NIC: new, scattered", "table, instance: new, scattered", "table, reverse: new, scattered",
    "new, tables grow", "table: new, tables grow", "new, protect rules", "table: new, protect rules",
])]
fn page_merge(bencher: Bencher, what: &str) {
    let (known, scattered) = (what.contains("known"), what.contains("scattered"));
    // Tables of ids double when they are seven eighths full.
    let nics = if what.contains("grow") { (1 << 15) / 8 * 7 + PAGE / 2 } else { NICS };
    let comes = move |&n: &u32| if scattered { n % (nics / PAGE) == 7 } else { n >= nics - PAGE };
    let mut base = Console::of((0..nics).filter(move |n| known || !comes(n)));
    let layout = match what.split(':').next().unwrap_or_default() {
        "table" => "t",
        "table, level" => "t o",
        "table, NIC" => "t o o",
        "table, instance" => "t o o o",
        "table, reverse" => "t O",
        _ => "",
    };
    base.keys(layout);
    if what.contains("filtered") {
        base.filter("web");
    } else if what.contains("marked") {
        base.keys("a");
    }
    if what.contains("protect") {
        base.state.safety = protected(&base.state.profiles[0].id);
    }
    base.keys("j j j");
    base.event(InventoryEvent::Began(section(Resource::Nics)));
    let page = || {
        let mut page = page((0..nics).filter(comes));
        if what.contains("changed") {
            page.nics.iter_mut().for_each(|nic| nic.description = "changed".into());
        }
        Box::new(page)
    };
    bencher
        .with_inputs(|| {
            let console = Console { state: base.state.clone(), job: base.job };
            (console, InventoryEvent::Page(section(Resource::Nics), page()))
        })
        .bench_local_values(|(mut console, event)| {
            console.event(event);
            console
        });
}

/// A page on which the EIPs of so many virtual IPs have gone elsewhere. Which NICs had them is known: nobody looks at all of them.
#[divan::bench(sample_size = 1, sample_count = 20, args = [500, 2_000])]
fn eips_leave_virtual_ips(bencher: Bencher, count: u32) {
    let mut base = Console::of(0..NICS);
    let all = || (0..count).map(float);
    let floats = InventoryPage {
        floats: all().map(|(float, _)| float).collect(),
        eips: all().map(|(_, eip)| eip).collect(),
        ..InventoryPage::default()
    };
    base.event(InventoryEvent::Began(section(Resource::Floats)));
    base.event(InventoryEvent::Page(section(Resource::Floats), Box::new(floats)));
    base.event(InventoryEvent::Completed(section(Resource::Floats)));
    bencher
        .with_inputs(|| {
            let eips = all().map(|(_, eip)| Eip { bound: EipBinding::Unbound, ..eip }).collect();
            let page = Box::new(InventoryPage { eips, ..InventoryPage::default() });
            let console = Console { state: base.state.clone(), job: base.job };
            (console, InventoryEvent::Page(section(Resource::Eips), page))
        })
        .bench_local_values(|(mut console, event)| {
            console.event(event);
            console
        });
}

/// A listing ends: everything is judged, filtered and put in order again.
#[divan::bench(sample_size = 1, sample_count = 20)]
fn end_of_a_listing(bencher: Bencher) {
    with(|console| {
        bencher.with_inputs(|| console.borrow_mut().list_eips()).bench_local_values(|()| {
            console.borrow_mut().event(InventoryEvent::Completed(section(Resource::Eips)));
        });
    });
}

/// Rules of a config about what is never written to: by name, tag, address, and what hangs on it.
const PROTECT: [&str; 5] =
    ["name:gw-*", "tag:keep=true", "ip:10.0.0.0/24", "has:lb env:prod", "instance:db-* -has:eip"];

fn protected(profile: &ProfileId) -> Arc<Safety> {
    let rules = PROTECT.map(|text| filter::parse(text).expect("a filter"));
    let mut safety = Safety::default();
    safety.protect.add(profile, &"aliyun".into(), Some("prod"), &rules);
    Arc::new(safety)
}

/// A plan of 1,000 addresses opens after its fresh reads: judged and planned anew, and drawn. `all reads`: the reads are taken into the
/// inventory as well, which a console does one by one as they come.
#[divan::bench(sample_size = 1, sample_count = 30, args = ["", "protect rules", "all reads", "all reads, protect rules"])]
fn plan_opens(bencher: Bencher, what: &str) {
    let mut base = Console::new(NICS);
    let profile = base.state.profiles[0].id.clone();
    let mut safety = if what.contains("protect") { Safety::clone(&protected(&profile)) } else { Safety::default() };
    safety.belts = Belts { per_plan: usize::MAX, percent: 100 };
    base.state.safety = Arc::new(safety);
    base.filter("ip:10.0.8.0/21 kind:secondary");
    base.keys("enter a");
    let asked = update::update(&mut base.state, NOW, Msg::Input(Input::Key(Key::char('p'))));
    let found = asked.into_iter().find_map(|effect| match effect {
        Effect::Preflight { job, nics } => Some((job, nics)),
        _ => None,
    });
    let (job, nics) = found.expect("its NICs are read again");
    let fresh = |(key, seen): &(NicKey, Arc<NicSnapshot>)| {
        let read = NicSnapshot { read_at: NOW.plus_ms(1_000), ..NicSnapshot::clone(seen) };
        Msg::Preflight(job, PreflightEvent::Read(key.clone(), Ok(Some(Arc::new(read)))))
    };
    let reads: Vec<Msg> = nics.iter().map(fresh).collect();
    let later = NOW.plus_ms(2_000);
    let take = |state: &mut State, messages: &[Msg]| {
        for message in messages {
            update::update(state, later, message.clone());
        }
    };
    let (before, measured) = if what.contains("all reads") { (&[][..], &reads[..]) } else { (&reads[..], &[][..]) };
    take(&mut base.state, before);
    let skin = Skin::new(ThemeName::Dark, Depth::True, Borders::Unicode).expect("the skin loads");
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a terminal in memory");
    bencher.with_inputs(|| (base.state.clone(), measured.to_vec())).bench_local_values(|(mut state, reads)| {
        take(&mut state, &reads);
        update::update(&mut state, later, Msg::Preflight(job, PreflightEvent::Ended));
        terminal
            .draw(|frame| {
                let _ = ui::view(&state, &skin, frame);
            })
            .expect("drawn");
        let view = state.plan.as_ref().expect("open");
        assert!(
            view.plan.rows().len() >= 1_000 && view.freshness != Freshness::Read { at: Some(NOW) },
            "{}",
            view.plan.rows().len()
        );
        state
    });
}

/// All rules about all addresses and NICs, the cloud's and the config's.
#[divan::bench(sample_size = 1, sample_count = 20, args = [false, true])]
fn judge_everything(bencher: Bencher, protect: bool) {
    with(|console| {
        let console = console.borrow();
        let safety = protected(&console.state.profiles[0].id);
        let protect = safety.protect.of(&console.state.profiles[0].id).filter(|_| protect);
        let part = &console.state.inventory.profiles()[0];
        let capabilities = console.state.profiles[0].capabilities;
        let mut levels = Vec::new();
        bencher.bench_local(|| {
            let mut findings = 0;
            for mut facts in part.nics().filter_map(|(slot, _)| Facts::at(part, slot)) {
                facts.protect = protect.map(|rules| rules.watch_nic(&facts));
                rules::levels(&facts, capabilities, &mut levels);
                findings += levels.len() + usize::from(rules::detach_level(&facts, capabilities).worst.is_some());
            }
            findings
        });
    });
}

#[divan::bench(sample_size = 1, sample_count = 20, args = ["o", "O"])]
fn sort(bencher: Bencher, key: &str) {
    with(|console| {
        console.borrow_mut().keys("t");
        bencher.bench_local(|| console.borrow_mut().keys(key));
        *console.borrow_mut() = Console::new(NICS);
    });
}

#[divan::bench(sample_size = 1, sample_count = 50)]
fn fold_and_unfold(bencher: Bencher) {
    with(|console| {
        console.borrow_mut().keys("g");
        bencher.bench_local(|| console.borrow_mut().keys("h l"));
    });
}

/// Everything that can go is marked.
#[divan::bench(sample_size = 1, sample_count = 10)]
fn mark_all(bencher: Bencher) {
    with(|console| {
        bencher.with_inputs(|| console.borrow_mut().keys("\\")).bench_local_values(|()| console.borrow_mut().keys("a"));
    });
}

#[divan::bench(sample_size = 1, sample_count = 50)]
fn one_step_down_with_all_marked(bencher: Bencher) {
    with(|console| {
        console.borrow_mut().keys("a g");
        bencher.bench_local(|| console.borrow_mut().keys("j"));
        *console.borrow_mut() = Console::new(NICS);
    });
}
