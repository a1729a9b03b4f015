//! Compact JWE: what was sealed opens to the same, and nothing that differs from it in one character opens at all.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stepup_fuzz::{Counting, choose};
use stepup_seal::jwe::{self, JweKey};

const LONGEST: usize = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let gcm = (JweKey::a256gcm(&[1; 32]), r#"{"alg":"dir","enc":"A256GCM"}"#);
    let cbc = (JweKey::a256cbc_hs512(&[1; 64]), r#"{"alg":"dir","enc":"A256CBC-HS512"}"#);
    let Some(((key, header), data)) =
        choose(data, &[&gcm, &cbc]).map(|(pair, data)| ((&pair.0, pair.1), data))
    else {
        return;
    };
    let Some((as_it_comes, data)) = choose(data, &[true, false]) else { return };
    if as_it_comes {
        let Ok(token) = std::str::from_utf8(data) else { return };
        if jwe::open(key, token, LONGEST).is_ok() {
            jwe::peek(token, LONGEST).expect("what opens has a header");
        }
        let _ = jwe::peek(token, LONGEST);
        return;
    }
    let Some((place, plaintext)) = data.split_first() else { return };
    let token = jwe::seal(key, header, plaintext, &Counting::default());
    assert_eq!(jwe::open(key, &token, LONGEST).expect("what was sealed opens").plaintext, plaintext);
    let place = usize::from(*place) % token.len();
    let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &token[..place], &token[place + 1..]);
    assert!(jwe::open(key, &tampered, LONGEST).is_err(), "{tampered} opens");
});
