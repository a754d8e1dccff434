use tokio::{task::JoinSet, time::timeout};

use super::*;

/// A burst of 25, and [`RATE`] a second.
const SLOW: Quota = Quota { api: "Slow", calls: 200, seconds: 20 };
const RATE: f64 = 8.75;
const OTHER: Quota = Quota { api: "Other", ..SLOW };
/// Never short of tokens.
const WIDE: Quota = Quota::a_second("Wide", 100_000);
const PATIENCE: Duration = Duration::from_secs(5);

fn limiter(in_flight: usize) -> Limiter {
    Limiter::new(in_flight, RetryPolicy::default())
}

async fn seconds_for(limiter: &Limiter, quota: Quota, calls: usize) -> f64 {
    let begin = Instant::now();
    for _ in 0..calls {
        drop(limiter.enter(Lane::Rest, quota).await);
    }
    begin.elapsed().as_secs_f64()
}

/// A call that is sent now is refused.
fn throttle(limiter: &Limiter, quota: Quota, wish: Option<Duration>, dice: f64) {
    limiter.throttled(quota, Instant::now(), wish, dice);
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() < 0.05
}

async fn waits(limiter: &Limiter, lane: Lane, quota: Quota) -> bool {
    timeout(PATIENCE, limiter.enter(lane, quota)).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_free_and_then_the_rate_holds() {
    for (quota, burst, rate) in
        [(Quota::a_second("A", 200), 25_u16, 175.0), (Quota::a_minute("B", 800), 400, 400.0 / 60.0)]
    {
        let limiter = limiter(4);
        assert!(near(seconds_for(&limiter, quota, burst.into()).await, 0.0));
        assert!(near(seconds_for(&limiter, quota, 150).await, 150.0 / rate));
        tokio::time::sleep(Duration::from_secs(600)).await;
        let again = seconds_for(&limiter, quota, usize::from(burst) + 75).await;
        assert!(near(again, 75.0 / rate), "rest fills the bucket, and no more than that");
    }
}

#[tokio::test(start_paused = true)]
async fn no_stretch_of_time_sees_more_than_the_quota() {
    for quota in [Quota::a_second("A", 40), Quota::a_minute("B", 400)] {
        let (limiter, begin) = (limiter(4), Instant::now());
        let mut times = Vec::new();
        for _ in 0..3 * quota.calls {
            drop(limiter.enter(Lane::Rest, quota).await);
            times.push(begin.elapsed());
        }
        let window = Duration::from_secs(quota.seconds.into());
        for (first, from) in times.iter().enumerate() {
            let within = times[first..].iter().take_while(|at| **at < *from + window).count();
            assert!(within <= quota.calls as usize, "{within} from {from:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_without_tokens_holds_up_itself_alone() {
    let limiter = limiter(2);
    assert!(near(seconds_for(&limiter, SLOW, 25).await, 0.0), "the burst is gone now");
    let mut queue = JoinSet::new();
    for _ in 0..30 {
        let limiter = limiter.clone();
        queue.spawn(async move { drop(limiter.enter(Lane::Rows, SLOW).await) });
    }
    tokio::task::yield_now().await;
    assert!(near(seconds_for(&limiter, OTHER, 25).await, 0.0), "thirty wait, and none of them has a place");
    let begin = Instant::now();
    while queue.join_next().await.is_some() {}
    assert!(near(begin.elapsed().as_secs_f64(), 30.0 / RATE), "and nobody overslept");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_action_slows_itself_and_not_its_neighbours() {
    let limiter = limiter(4);
    let full = limiter.rate(SLOW);
    throttle(&limiter, SLOW, None, 1.0);
    throttle(&limiter, SLOW, None, 1.0);
    assert!(near(limiter.rate(SLOW), full / 2.0), "calls that were in flight together count once");
    assert!(near(limiter.rate(OTHER), full));
    assert_eq!(limiter.closed_for(OTHER), Duration::ZERO);
    assert!(near(seconds_for(&limiter, OTHER, 25).await, 0.0));
    let took = seconds_for(&limiter, SLOW, 10).await;
    assert!(near(took, 0.125 + 9.0 / (full / 2.0)), "no burst is left, nor saved up in the pause: {took}");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_action_is_never_stopped_for_good_and_recovers_slowly() {
    let limiter = limiter(4);
    for _ in 0..20 {
        throttle(&limiter, SLOW, None, 1.0);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let full = Bucket::new(SLOW, Instant::now()).full;
    assert!(near(limiter.rate(SLOW), full * SLOWEST_PART));
    limiter.answered(SLOW);
    assert!(near(limiter.rate(SLOW), full * (SLOWEST_PART + GROWTH)));
    (0..100).for_each(|_| limiter.answered(SLOW));
    assert!(near(limiter.rate(SLOW), full));
}

#[tokio::test(start_paused = true)]
async fn the_vendors_wish_is_kept_for_all_calls_of_the_action() {
    let limiter = limiter(4);
    throttle(&limiter, SLOW, Some(Duration::from_secs(7)), 0.0);
    throttle(&limiter, SLOW, Some(Duration::from_secs(3)), 0.0);
    assert_eq!(limiter.closed_for(SLOW), Duration::from_secs(7), "the longer wish");
    let each = 1.0 / limiter.rate(SLOW);
    assert!(near(seconds_for(&limiter, SLOW, 2).await, 7.0 + each), "no burst of those who waited");
    assert!(near(seconds_for(&limiter, SLOW, 1).await, each), "open again");
    throttle(&limiter, SLOW, Some(Duration::from_secs(3_600)), 0.0);
    assert!(near(seconds_for(&limiter, SLOW, 1).await, 3_600.0), "not earlier than it said");
    throttle(&limiter, SLOW, Some(Duration::MAX), 0.0);
    assert_eq!(limiter.closed_for(SLOW), LONGEST_WISH, "a header that is wrong closes nothing for good");
}

/// Also those who stood in the queue when the vendor said so.
#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_told_so_and_waits_for_nothing() {
    let limiter = limiter(4);
    assert!(near(seconds_for(&limiter, SLOW, 25).await, 0.0), "the burst is gone now");
    let mut queue = JoinSet::new();
    for _ in 0..9 {
        let limiter = limiter.clone();
        queue.spawn(async move { limiter.enter_open(Lane::Rows, SLOW, Duration::from_secs(30)).await.map(drop) });
    }
    tokio::task::yield_now().await;
    let begin = Instant::now();
    throttle(&limiter, SLOW, Some(Duration::from_secs(45)), 0.0);
    while let Some(told) = queue.join_next().await {
        assert!(matches!(told.unwrap(), Err(closed) if closed > Duration::from_secs(44)));
    }
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert!(limiter.enter_open(Lane::Rows, SLOW, Duration::from_secs(60)).await.is_ok());
    assert!(near(begin.elapsed().as_secs_f64(), 45.0));
    assert!(limiter.with(|gate, _| gate.waiting.is_empty() && gate.listing == 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_wish_the_pause_doubles_until_answers_are_good() {
    let limiter = limiter(4);
    let pause = async |quota, dice| {
        throttle(&limiter, quota, None, dice);
        let pause = limiter.closed_for(quota).as_millis();
        tokio::time::sleep(Duration::from_secs(31)).await;
        pause
    };
    let second = Quota::a_second("A", 100);
    assert_eq!([pause(second, 1.0).await, pause(second, 0.0).await, pause(second, 1.0).await], [125, 125, 500]);
    limiter.answered(second);
    assert_eq!(pause(second, 1.0).await, 1_000, "one alone is what others leave");
    limiter.answered(second);
    limiter.answered(second);
    assert_eq!(pause(second, 1.0).await, 125);
    let mut spent = Vec::new();
    for _ in 0..10 {
        spent.push(pause(Quota::a_minute("B", 400), 1.0).await);
    }
    assert_eq!(spent, [125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000], "no pause is longer");
    assert!(spent[..9].iter().sum::<u128>() > 60_000, "nine calls are refused until a minute is over");
}

/// Also after the first pauses, which are short: whoever was sent after one of them and is refused has met the next throttling.
#[tokio::test(start_paused = true)]
async fn a_refusal_counts_again_once_the_action_is_open() {
    let limiter = limiter(4);
    let (mut pauses, begin) = (Vec::new(), Instant::now());
    // A call each tenth of a second, and none is taken.
    for _ in 0..20 {
        if limiter.closed_for(SLOW).is_zero() {
            throttle(&limiter, SLOW, None, 1.0);
            pauses.push((begin.elapsed().as_millis(), limiter.closed_for(SLOW).as_millis()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(pauses, [(0, 125), (200, 250), (500, 500), (1_000, 1_000)]);
}

/// However long their answers take.
#[tokio::test(start_paused = true)]
async fn calls_that_were_on_their_way_together_are_throttled_once() {
    let limiter = limiter(4);
    let (began, full) = (Instant::now(), limiter.rate(SLOW));
    throttle(&limiter, SLOW, None, 1.0);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        limiter.throttled(SLOW, began, None, 1.0);
        assert_eq!(limiter.closed_for(SLOW), Duration::ZERO);
    }
    assert!(near(limiter.rate(SLOW), full / 2.0));
    limiter.throttled(SLOW, began, Some(Duration::from_secs(2)), 1.0);
    assert_eq!(limiter.closed_for(SLOW), Duration::from_secs(2), "what the vendor wishes holds all the same");
    tokio::time::sleep(Duration::from_secs(3)).await;
    throttle(&limiter, SLOW, None, 1.0);
    assert_eq!(limiter.closed_for(SLOW), Duration::from_millis(250), "this one was sent after it");
}

/// Calls of four at a time that a cloud with answers of 80 ms takes or, by chance, refuses, and how long all took.
async fn under_chance(quota: Quota, good: usize, refused: u64) -> (usize, f64) {
    let (limiter, begin) = (limiter(4), Instant::now());
    let random = Arc::new(Mutex::new(crate::sim::random::Random::new(7)));
    let left = Arc::new(Mutex::new((good, 0)));
    let mut callers = JoinSet::new();
    for _ in 0..4 {
        let (limiter, random, left) = (limiter.clone(), random.clone(), left.clone());
        callers.spawn(async move {
            while left.lock().unwrap().0 > 0 {
                let slot = limiter.enter(Lane::Around, quota).await;
                let sent = Instant::now();
                tokio::time::sleep(Duration::from_millis(80)).await;
                drop(slot);
                let (is_refused, dice) = {
                    let mut random = random.lock().unwrap();
                    (random.below(100) < refused, f64::from(u32::try_from(random.below(1_000)).unwrap()) / 1_000.0)
                };
                left.lock().unwrap().1 += 1;
                if is_refused {
                    limiter.throttled(quota, sent, None, dice);
                    // As long as a read pauses before its next try.
                    tokio::time::sleep(Duration::from_millis(250).mul_f64(1.0 + dice)).await;
                } else {
                    limiter.answered(quota);
                    let mut left = left.lock().unwrap();
                    left.0 = left.0.saturating_sub(1);
                }
            }
        });
    }
    while callers.join_next().await.is_some() {}
    let calls = left.lock().unwrap().1;
    (calls, begin.elapsed().as_secs_f64())
}

/// A vendor who refuses every second call whatever the pace is still asked at a useful one: the good answers come at no less than a
/// sixth of the full rate, of the half that there can be.
#[tokio::test(start_paused = true)]
async fn chance_refusals_of_every_second_call_leave_a_useful_rate() {
    for quota in [Quota::a_minute("A", 400), Quota::a_minute("B", 800), Quota::a_second("C", 20)] {
        let full = Bucket::new(quota, Instant::now()).full;
        let (calls, took) = under_chance(quota, 400, 50).await;
        // Four callers at a time make no more than this, however fast they may.
        let most = full.min(4.0 / 0.08);
        let rate = 400.0 / took;
        assert!(rate >= most / 6.0, "{quota:?}: {rate:.2} of {most:.2}");
        assert!(calls < 400 * 3, "{calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_in_flight_than_allowed() {
    let limiter = limiter(2);
    let (first, second) = (limiter.enter(Lane::Rows, WIDE).await, limiter.enter(Lane::Rest, SLOW).await);
    assert!(waits(&limiter, Lane::Rows, WIDE).await && waits(&limiter, Lane::Rows, OTHER).await);
    drop(first);
    assert!(!waits(&limiter, Lane::Rest, OTHER).await);
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn zeroes_do_not_stop_everything() {
    let limiter = limiter(0);
    assert!(near(seconds_for(&limiter, Quota::a_second("A", 0), 8).await, 8.0));
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_places_of_its_own() {
    let limiter = limiter(8);
    let mut full = Vec::new();
    for _ in 0..8 {
        full.push(limiter.enter(Lane::Rest, WIDE).await);
    }
    let batch = (limiter.enter(Lane::Around, WIDE).await, limiter.enter(Lane::Send, WIDE).await);
    for lane in [Lane::Send, Lane::Around, Lane::Rows, Lane::Rest] {
        assert!(waits(&limiter, lane, WIDE).await, "{lane:?}");
    }
    drop(batch.0);
    assert!(waits(&limiter, Lane::Rows, WIDE).await);
    assert!(!waits(&limiter, Lane::Send, WIDE).await && !waits(&limiter, Lane::Around, WIDE).await);
    drop((batch.1, full));
}

/// Each write is read for while its turn is held: however many hold one, a read is left.
#[tokio::test(start_paused = true)]
async fn whoever_holds_a_turn_can_read() {
    for in_flight in 1..9 {
        let limiter = limiter(in_flight);
        let mut held = Vec::new();
        for _ in 0..in_flight {
            held.push(limiter.enter(Lane::Rest, WIDE).await);
        }
        while !waits(&limiter, Lane::Write, WIDE).await {
            held.push(limiter.enter(Lane::Write, WIDE).await);
        }
        assert!(held.len() > in_flight, "{in_flight}");
        assert!(!waits(&limiter, Lane::Around, WIDE).await, "{in_flight}");
    }
}

/// What a vendor advises is meant of all calls.
#[tokio::test(start_paused = true)]
async fn a_batch_and_a_listing_together_are_a_quarter_more() {
    let limiter = limiter(4);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(limiter.enter(Lane::Around, WIDE).await);
    }
    let listing = limiter.enter(Lane::Rows, WIDE).await;
    assert!(waits(&limiter, Lane::Rows, WIDE).await && waits(&limiter, Lane::Send, WIDE).await);
    drop(held.pop());
    assert!(!waits(&limiter, Lane::Rest, WIDE).await && !waits(&limiter, Lane::Send, WIDE).await);
    drop((held, listing));
    assert!(limiter.with(|gate, _| (gate.listing, gate.batch, gate.turns) == (0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_wide_listing_makes_no_wide_batch() {
    let limiter = limiter(16);
    let mut batch = Vec::new();
    for lane in [Lane::Around, Lane::Send, Lane::Around, Lane::Send] {
        batch.push(limiter.enter(lane, WIDE).await);
    }
    assert_eq!(batch.len(), BATCH);
    for lane in [Lane::Around, Lane::Send] {
        assert!(waits(&limiter, lane, WIDE).await, "reads and writes together");
    }
    let mut listing = Vec::new();
    for _ in 0..16 {
        listing.push(limiter.enter(Lane::Rest, WIDE).await);
    }
    assert!(waits(&limiter, Lane::Rows, WIDE).await);
}

/// Vendors are to see no more than four calls of a profile at once by default.
#[tokio::test(start_paused = true)]
async fn while_a_batch_runs_all_calls_share_its_few_places() {
    let limiter = limiter(24);
    let batch = limiter.batch();
    let pages = [limiter.enter(Lane::Rows, WIDE).await, limiter.enter(Lane::Rest, WIDE).await];
    assert!(waits(&limiter, Lane::Rows, WIDE).await, "a part is the batch's, whatever a listing wants");
    let own = [limiter.enter(Lane::Around, WIDE).await, limiter.enter(Lane::Send, WIDE).await];
    for lane in [Lane::Around, Lane::Send, Lane::Rows, Lane::Rest] {
        assert!(waits(&limiter, lane, WIDE).await, "{lane:?}");
    }
    let [first, second] = pages;
    assert_eq!(order(&limiter, &[Lane::Rows, Lane::Around], WIDE, || drop(first)).await, [1, 0]);
    drop(second);
    let own = (own, limiter.enter(Lane::Around, WIDE).await, limiter.enter(Lane::Around, WIDE).await);
    assert!(waits(&limiter, Lane::Rows, WIDE).await, "all four are the batch's where it wants them");
    drop((own, batch));
    let mut listing = Vec::new();
    for _ in 0..24 {
        listing.push(limiter.enter(Lane::Rows, WIDE).await);
    }
}

/// A listing that hangs holds up no batch that begins, and gets nothing new before it is down to its part.
#[tokio::test(start_paused = true)]
async fn what_was_on_its_way_when_a_batch_began_ends_as_it_does() {
    let limiter = limiter(24);
    let mut listing = Vec::new();
    for _ in 0..24 {
        listing.push(limiter.enter(Lane::Rows, WIDE).await);
    }
    let (batch, next) = (limiter.batch(), limiter.batch());
    let own = (limiter.enter(Lane::Around, WIDE).await, limiter.enter(Lane::Send, WIDE).await);
    assert!(waits(&limiter, Lane::Around, WIDE).await);
    listing.truncate(2);
    assert!(waits(&limiter, Lane::Rows, WIDE).await);
    drop((batch, own));
    listing.truncate(1);
    let page = limiter.enter(Lane::Rows, WIDE).await;
    assert!(waits(&limiter, Lane::Rows, WIDE).await, "the other batch goes on");
    drop((next, page));
    // Where there is one place both take turns.
    let limiter = self::limiter(1);
    let _batch = limiter.batch();
    for (held, other) in [(Lane::Rows, Lane::Around), (Lane::Around, Lane::Rows)] {
        let held = limiter.enter(held, WIDE).await;
        assert!(waits(&limiter, other, WIDE).await, "{other:?}");
        drop(held);
        assert!(!waits(&limiter, other, WIDE).await, "{other:?}");
    }
}

/// The numbers of those who wait for one place or one token, in the order in which they go.
async fn order(limiter: &Limiter, lanes: &[Lane], quota: Quota, begin: impl FnOnce()) -> Vec<usize> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for (number, lane) in lanes.iter().copied().enumerate() {
        let (limiter, order) = (limiter.clone(), order.clone());
        tasks.spawn(async move {
            let slot = limiter.enter(lane, quota).await;
            order.lock().unwrap().push(number);
            drop(slot);
        });
        // The first of them waits for its token when the others come.
        tokio::task::yield_now().await;
    }
    begin();
    while tasks.join_next().await.is_some() {}
    let order = order.lock().unwrap();
    order.clone()
}

#[tokio::test(start_paused = true)]
async fn the_next_token_goes_to_the_most_urgent_and_then_to_the_first() {
    let limiter = limiter(8);
    assert!(near(seconds_for(&limiter, SLOW, 25).await, 0.0), "the burst is gone now");
    let begin = Instant::now();
    let lanes = [Lane::Rest, Lane::Rows, Lane::Write, Lane::Rest, Lane::Around, Lane::Again, Lane::Around, Lane::Rows];
    assert_eq!(order(&limiter, &lanes, SLOW, || {}).await, [5, 2, 4, 6, 1, 7, 0, 3]);
    assert!(near(begin.elapsed().as_secs_f64(), 8.0 / RATE), "nobody overslept");
}

#[tokio::test(start_paused = true)]
async fn the_next_place_goes_to_the_most_urgent_and_then_to_the_first() {
    let limiter = limiter(1);
    let held = limiter.enter(Lane::Rest, WIDE).await;
    let lanes = [Lane::Rest, Lane::Rows, Lane::Rest, Lane::Rows];
    assert_eq!(order(&limiter, &lanes, WIDE, || drop(held)).await, [1, 3, 0, 2]);
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_holds_nobody_up() {
    let limiter = limiter(1);
    assert!(near(seconds_for(&limiter, SLOW, 25).await, 0.0));
    let held = limiter.enter(Lane::Rest, WIDE).await;
    let behind = tokio::spawn({
        let limiter = limiter.clone();
        async move { drop(limiter.enter(Lane::Rest, SLOW).await) }
    });
    tokio::task::yield_now().await;
    let gave_up = timeout(Duration::from_millis(100), limiter.enter(Lane::Rows, SLOW)).await;
    assert!(gave_up.is_err());
    drop(held);
    assert!(timeout(PATIENCE, behind).await.is_ok());
    // One that was first and is dropped while it waits for its token.
    let gave_up = timeout(Duration::from_millis(1), limiter.enter(Lane::Write, SLOW)).await;
    assert!(gave_up.is_err());
    assert!(near(seconds_for(&limiter, SLOW, 1).await, 1.0 / RATE));
    assert!(limiter.with(|gate, _| gate.waiting.is_empty() && gate.listing == 0 && gate.turns == 0));
}

/// A write that turns out not to be needed costs those behind it no time.
#[tokio::test(start_paused = true)]
async fn a_turn_that_is_given_back_is_for_the_next_one() {
    let limiter = limiter(4);
    for _ in 0..50 {
        limiter.enter(Lane::Write, SLOW).await.give_back();
    }
    assert!(near(seconds_for(&limiter, SLOW, 25).await, 0.0), "the whole burst is there");
    let held = limiter.enter(Lane::Write, SLOW).await;
    throttle(&limiter, SLOW, Some(Duration::from_secs(7)), 0.0);
    held.give_back();
    assert!(near(seconds_for(&limiter, SLOW, 1).await, 7.0), "not where the vendor has said no");
}

/// Served, and dropped before it was looked at again.
#[tokio::test(start_paused = true)]
async fn a_place_that_was_given_to_one_who_left_comes_back() {
    let limiter = limiter(1);
    let held = limiter.enter(Lane::Rest, WIDE).await;
    let mut left = Box::pin(limiter.enter(Lane::Rest, WIDE));
    assert!(timeout(Duration::from_millis(1), &mut left).await.is_err());
    drop(held);
    drop(left);
    assert!(!waits(&limiter, Lane::Rest, WIDE).await);
}
