//! JSON in which long runs of base64url stand at three quarters of their length: what is base64url already would otherwise
//! be written in base64url once more, and a raw `mfa_token` is little else.
//!
//! A run is a mark, which JSON never holds (RFC 8259 section 7), the number of its groups of four characters in two bytes,
//! and the three bytes of each.

use base64_simd::URL_SAFE_NO_PAD;
use memchr::{memchr, memchr3};

const MARK: u8 = 1;
/// What is looked at at once: a run that holds a whole block, counted from the last run's end, is packed. Shorter ones would
/// save less than they cost.
const BLOCK: usize = 64;

/// `json` with its runs packed.
pub(super) fn pack(json: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(json.len());
    let (mut done, mut at) = (0, 0);
    while let Some(block) = json.get(at..at + BLOCK) {
        at += BLOCK;
        if !is_run(block) {
            continue;
        }
        let start = at - json[done..at].iter().rev().take_while(|byte| is_base64url(**byte)).count();
        // the end of an iron's or a JWT's part, or of the text; to decode finds out whether it is the run's
        at += memchr3(b'*', b'.', b'"', &json[at..]).unwrap_or(json.len() - at);
        let end = at - (at - start) % 4;
        let before = packed.len();
        packed.extend_from_slice(&json[done..start]);
        match pack_run(&json[start..end], &mut packed) {
            Some(()) => done = end,
            None => packed.truncate(before),
        }
    }
    packed.extend_from_slice(&json[done..]);
    packed
}

fn pack_run(run: &[u8], packed: &mut Vec<u8>) -> Option<()> {
    packed.push(MARK);
    packed.extend(u16::try_from(run.len() / 4).ok()?.to_be_bytes());
    URL_SAFE_NO_PAD.decode_append(run, packed).ok()
}

/// What was packed; none where a run is cut short. JSON that nobody packed is itself.
pub(super) fn unpack(packed: Vec<u8>) -> Option<Vec<u8>> {
    let Some(mut mark) = memchr(MARK, &packed) else { return Some(packed) };
    let mut json = Vec::with_capacity(packed.len() / 3 * 4 + 4);
    let mut rest = packed.as_slice();
    loop {
        json.extend_from_slice(&rest[..mark]);
        let (groups, after) = rest[mark + 1..].split_first_chunk()?;
        let (run, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*groups)) * 3)?;
        URL_SAFE_NO_PAD.encode_append(run, &mut json);
        rest = after;
        match memchr(MARK, rest) {
            Some(next) => mark = next,
            None => break,
        }
    }
    json.extend_from_slice(rest);
    Some(json)
}

fn is_run(block: &[u8]) -> bool {
    // no early end: so it is done for the whole block at once
    block.iter().fold(true, |all, byte| all & is_base64url(*byte))
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_runs_take_three_quarters() {
        let run = "Ab3-_9xY".repeat(100);
        let json = format!(r#"{{"tok":"Fe26.2*{run}*é","n":1}}"#);
        let packed = pack(json.as_bytes());
        assert_eq!(packed.len(), json.len() - 800 + 600 + 3);
        assert_eq!(unpack(packed).unwrap(), json.as_bytes());
    }

    #[test]
    fn a_run_longer_than_its_length_can_say_stays_as_it_is() {
        let longest = "A".repeat(usize::from(u16::MAX) * 4);
        for (run, length) in
            [(longest.clone(), 3 + longest.len() / 4 * 3), (format!("{longest}AAAA"), longest.len() + 4)]
        {
            let json = format!("\"{run}\"");
            let packed = pack(json.as_bytes());
            assert_eq!(packed.len(), 2 + length);
            assert_eq!(unpack(packed).unwrap(), json.as_bytes());
        }
    }

    #[test]
    fn what_nobody_packed_is_itself_and_what_is_cut_short_is_nothing() {
        for json in ["", "{}", r#"{"tok":"short"}"#] {
            assert_eq!(pack(json.as_bytes()), json.as_bytes());
            assert_eq!(unpack(json.into()).unwrap(), json.as_bytes());
        }
        let packed = pack("A".repeat(160).as_bytes());
        for length in 1..packed.len() {
            assert_eq!(unpack(packed[..length].into()), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_json_comes_back(json in "([A-Za-z0-9_-]{0,200}[ -~é\\n]{0,4}){0,8}") {
            let packed = pack(json.as_bytes());
            prop_assert_eq!(unpack(packed).unwrap(), json.as_bytes());
        }

        #[test]
        fn nothing_breaks_the_reader(packed in proptest::collection::vec(0_u8..4, 0..40)) {
            let _ = unpack(packed);
        }
    }
}
