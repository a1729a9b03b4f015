//! base64url without padding (RFC 4648 section 5), strictly: every value has one text.

use base64_simd::{Out, URL_SAFE_NO_PAD};

/// The text is not base64url: a foreign character, padding, or bits left over at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct DecodeError;

/// The text of `bytes`.
///
/// ```
/// assert_eq!(stepup_seal::base64url::encode([0xfb, 0xff]), "-_8");
/// ```
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// The bytes of `text`.
///
/// # Errors
/// [`DecodeError`] also where only the unused bits of the last character differ from what [`encode`] writes.
pub fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| DecodeError)
}

/// The `N` bytes of `text`, no more and no fewer.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], DecodeError> {
    let mut bytes = [0; N];
    let decoded = decode_within(text, &mut bytes)?.len();
    if decoded == N { Ok(bytes) } else { Err(DecodeError) }
}

/// The bytes of `text`, if they are no more than `room` holds.
pub(crate) fn decode_within<'r>(text: &str, room: &'r mut [u8]) -> Result<&'r [u8], DecodeError> {
    let length = URL_SAFE_NO_PAD.decoded_length(text.as_bytes()).map_err(|_| DecodeError)?;
    let room = room.get_mut(..length).ok_or(DecodeError)?;
    let decoded = URL_SAFE_NO_PAD.decode(text.as_bytes(), Out::from_slice(room)).map_err(|_| DecodeError)?;
    Ok(decoded)
}

/// Adds the text of `bytes` to `text`.
pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, text);
}

/// Adds the bytes of `text` to `bytes`.
pub(crate) fn decode_into(text: impl AsRef<[u8]>, bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
    URL_SAFE_NO_PAD.decode_append(text.as_ref(), bytes).map_err(|_| DecodeError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_a_value() {
        assert_eq!(decode("AAAA"), Ok(vec![0, 0, 0]));
        assert_eq!(decode("AA"), Ok(vec![0]));
        for not in ["AB", "A", "AA==", "AA\n", "+/8", "AAAAA", "é"] {
            assert_eq!(decode(not), Err(DecodeError), "{not:?}");
        }
        assert_eq!(decode_array::<1>("AA"), Ok([0]));
        assert_eq!(decode_array::<2>("AA"), Err(DecodeError));
        assert_eq!(decode_array::<1>("AB"), Err(DecodeError));
    }
}
