use stepup_protocol::mfa::FactorType::{self, Email, Otp, Phone, PushNotification};

use super::{Decision::*, Lack::*, *};

const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn guard(within: Option<u64>, factors: &[FactorType]) -> Guard {
    let guard = factors.iter().fold(Guard::new(), |guard, factor| guard.factor(*factor));
    within.map_or(guard.clone(), |within| guard.within(seconds(within)))
}

/// A proof of so many seconds ago; negative: in the future.
fn proof(ago: Option<i64>, factors: &[FactorType]) -> Option<FactorProof> {
    let at = ago.map(|ago| UnixTime::from_seconds(NOW.seconds() - ago));
    let mut proof = FactorProof::verified(NOW, factors.to_vec());
    proof.at = at;
    Some(proof)
}

#[test]
fn a_proof_will_do_or_the_guard_asks() {
    let any = &[][..];
    for (guard, proof, expected) in [
        // Any proof.
        (guard(None, any), None, Ask(NoProof)),
        (guard(None, any), proof(Some(0), any), Pass),
        (guard(None, any), proof(Some(1_000_000), any), Pass),
        (guard(None, any), proof(None, any), Pass),
        // Its age.
        (guard(Some(300), any), None, Ask(NoProof)),
        (guard(Some(300), any), proof(Some(0), any), Pass),
        (guard(Some(300), any), proof(Some(299), any), Pass),
        (guard(Some(300), any), proof(Some(300), any), Pass),
        (guard(Some(300), any), proof(Some(301), any), Ask(TooOld)),
        (guard(Some(300), any), proof(Some(i64::MAX), any), Ask(TooOld)),
        (guard(Some(300), any), proof(None, any), Ask(UnknownTime)),
        (guard(Some(u64::MAX), any), proof(Some(i64::from(i32::MAX)), any), Pass),
        // Clocks are a little apart; a time to come is none.
        (guard(Some(300), any), proof(Some(-30), any), Pass),
        (guard(Some(300), any), proof(Some(-31), any), Ask(InTheFuture)),
        (guard(None, any), proof(Some(-31), any), Ask(InTheFuture)),
        (guard(None, any), proof(Some(i64::MIN / 2), any), Ask(InTheFuture)),
        // Tiny windows: a proof of now is no proof for this request.
        (guard(Some(0), any), proof(Some(0), any), Ask(TooOld)),
        (guard(Some(0), any), proof(Some(-5), any), Ask(TooOld)),
        (guard(Some(1), any), proof(Some(1), any), Pass),
        (guard(Some(1), any), proof(Some(2), any), Ask(TooOld)),
        // Its kind.
        (guard(None, &[Otp]), proof(Some(0), &[Otp]), Pass),
        (guard(None, &[Otp]), proof(Some(0), &[Phone]), Ask(OtherFactor)),
        (guard(None, &[Otp]), proof(Some(0), any), Ask(OtherFactor)),
        (guard(None, &[Otp, PushNotification]), proof(Some(0), &[PushNotification]), Pass),
        (guard(None, &[Otp]), proof(Some(0), &[Email, Otp]), Pass),
        (guard(Some(300), &[Otp]), proof(Some(301), &[Otp]), Ask(TooOld)),
        (guard(Some(300), &[Otp]), proof(Some(301), &[Email]), Ask(OtherFactor)),
        (guard(Some(300), &[Otp]), proof(None, &[Otp]), Ask(UnknownTime)),
    ] {
        let facts = Facts { proof, asked: None };
        assert_eq!(decide(&guard, &facts, NOW), expected, "{guard:?} {facts:?}");
    }
}

#[test]
fn below_a_second_is_none() {
    let facts = Facts { proof: proof(Some(0), &[]), asked: None };
    let guard = Guard::new().within(Duration::from_millis(999));
    assert_eq!(decide(&guard, &facts, NOW), Ask(TooOld));
}

#[test]
fn what_was_asked_for_counts_once_and_what_was_not_never_loops() {
    let any = &[][..];
    // Asked and answered so many seconds ago.
    for (guard, proof, asked, answered, expected) in [
        // A proof that was made for this request.
        (guard(Some(0), any), proof(Some(2), any), 20, Some(2), PassOnce),
        (guard(Some(0), any), proof(Some(0), any), 0, Some(0), PassOnce),
        (guard(Some(60), any), proof(Some(200), any), 210, Some(5), PassOnce),
        (guard(Some(300), any), proof(Some(10), any), 20, Some(10), Pass),
        // Nobody has answered: the user came back on another way.
        (guard(Some(0), any), proof(Some(2), any), 20, None, Ask(TooOld)),
        (guard(Some(0), any), None, 20, None, Ask(NoProof)),
        // The answer is of long ago.
        (guard(Some(0), any), proof(Some(61), any), 80, Some(61), Ask(TooOld)),
        (guard(Some(0), any), proof(Some(60), any), 80, Some(60), PassOnce),
        // The answer was none.
        (guard(Some(0), any), None, 20, Some(2), Unmet(NoProof)),
        (guard(None, any), None, 20, Some(2), Unmet(NoProof)),
        (guard(Some(0), any), proof(Some(51), any), 20, Some(2), Unmet(TooOld)),
        (guard(Some(300), any), proof(None, any), 20, Some(2), Unmet(UnknownTime)),
        (guard(Some(300), any), proof(Some(-31), any), 20, Some(2), Unmet(InTheFuture)),
        (guard(Some(0), &[Otp]), proof(Some(2), &[Phone]), 20, Some(2), Unmet(OtherFactor)),
        (guard(Some(0), &[Otp]), proof(Some(2), &[Otp]), 20, Some(2), PassOnce),
    ] {
        let asked = Asked::test(NOW - seconds(asked), answered.map(|ago| NOW - seconds(ago)));
        let facts = Facts { proof, asked: Some(asked) };
        assert_eq!(decide(&guard, &facts, NOW), expected, "{guard:?} {facts:?}");
    }
}
