//! What an address says behind its question mark.

/// Longest scope, audience and way back that an address may bring, in bytes: they are parsed and kept.
pub(super) const LONGEST_PARAMETER: usize = 2048;

/// The first value of the parameter `wanted`.
pub(crate) fn parameter(query: Option<&str>, wanted: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(query?.as_bytes());
    parameters.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}
