//! A text whose long runs of base64url stand at three quarters of their length: what is base64url already would otherwise
//! be written in base64url once more, and a raw `mfa_token` is little else.
//!
//! A run is a mark, which JSON never holds (RFC 8259 section 7), the number of its groups of four characters in two bytes,
//! and the three bytes of each. All else stands as it is.

use std::str;

use memchr::{memchr2_iter, memchr3};

use crate::base64url;

const MARK: u8 = 1;
/// The shortest run that is packed, in characters: a shorter one would save less than it costs.
const SHORTEST: usize = 64;

/// Adds `text` to `packed`, its runs packed: from its start or from an asterisk or a full stop, between which the parts of
/// an iron or a JWT stand, to the next of them. False where JSON would have to escape a character: then what was added is
/// nothing to be read.
pub(super) fn pack(text: &str, packed: &mut Vec<u8>) -> bool {
    let text = text.as_bytes();
    let (mut done, mut start) = (0, 0);
    for end in memchr2_iter(b'*', b'.', text).chain([text.len()]) {
        let run = &text[start..end - (end - start) % 4];
        let before = packed.len();
        if run.len() >= SHORTEST {
            packed.extend_from_slice(&text[done..start]);
            if pack_run(run, packed).is_some() && is_plain(&text[done..start]) {
                done = start + run.len();
            } else {
                packed.truncate(before);
            }
        }
        start = end + 1;
    }
    packed.extend_from_slice(&text[done..]);
    is_plain(&text[done..])
}

fn pack_run(run: &[u8], packed: &mut Vec<u8>) -> Option<()> {
    packed.push(MARK);
    packed.extend(u16::try_from(run.len() / 4).ok()?.to_be_bytes());
    base64url::decode_into(run, packed).ok()
}

/// Adds `text` to `json` as it is. False where JSON would have to escape a character.
pub(super) fn leave(text: &str, json: &mut Vec<u8>) -> bool {
    json.extend_from_slice(text.as_bytes());
    is_plain(text.as_bytes())
}

/// Whether JSON writes it as it is.
fn is_plain(text: &[u8]) -> bool {
    // no early end: so many characters are looked at at once
    text.iter().fold(true, |all, byte| all & (*byte >= b' ') & (*byte != b'"') & (*byte != b'\\'))
}

/// The text at the start of `packed`, up to a quotation mark, and the bytes that it takes; none where something is escaped,
/// a run is cut short or no quotation mark follows.
pub(super) fn unpack(packed: &[u8]) -> Option<(String, usize)> {
    let mut text = String::with_capacity(packed.len() / 3 * 4);
    let mut rest = packed;
    loop {
        let (plain, from) = rest.split_at(memchr3(MARK, b'"', b'\\', rest)?);
        text.push_str(str::from_utf8(plain).ok()?);
        match from {
            [MARK, high, low, run @ ..] => {
                let groups = u16::from_be_bytes([*high, *low]);
                let (run, after) = run.split_at_checked(usize::from(groups) * 3)?;
                base64url::encode_into(run, &mut text);
                rest = after;
            }
            [b'"', ..] => return Some((text, packed.len() - from.len())),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As it stands in JSON, between quotation marks.
    fn packed(text: &str) -> Vec<u8> {
        let mut packed = Vec::new();
        assert!(pack(text, &mut packed));
        packed.push(b'"');
        packed
    }

    #[test]
    fn long_runs_take_three_quarters() {
        let run = "Ab3-_9xY".repeat(100);
        let text = format!("Fe26.2*{run}*é");
        let packed = packed(&text);
        assert_eq!(packed.len(), text.len() + 1 - 800 + 600 + 3);
        assert_eq!(unpack(&packed), Some((text, packed.len() - 1)));
    }

    #[test]
    fn a_run_longer_than_its_length_can_say_stays_as_it_is() {
        let longest = "A".repeat(usize::from(u16::MAX) * 4);
        for (text, length) in
            [(longest.clone(), 3 + longest.len() / 4 * 3), (format!("{longest}AAAA"), longest.len() + 4)]
        {
            let packed = packed(&text);
            assert_eq!(packed.len(), length + 1);
            assert_eq!(unpack(&packed), Some((text, length)));
        }
    }

    #[test]
    fn what_is_cut_short_or_escaped_is_nothing() {
        let packed = packed(&"A".repeat(160));
        for length in 0..packed.len() {
            assert_eq!(unpack(&packed[..length]), None, "{length}");
        }
        for not in [&b"a\\\""[..], b"\xff\"", b"\x01"] {
            assert_eq!(unpack(not), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "([A-Za-z0-9_-]{0,200}[ !#-\\[\\]-~é]{0,4}){0,8}") {
            let packed = packed(&text);
            prop_assert_eq!(unpack(&packed), Some((text, packed.len() - 1)));
        }

        #[test]
        fn nothing_breaks_the_reader(packed in proptest::collection::vec(prop_oneof![0_u8..4, Just(b'"')], 0..40)) {
            let _ = unpack(&packed);
        }
    }
}
