//! Host functions behind `URL`, `Buffer` and `crypto`, which know nothing of the tenant.

use aws_lc_rs::{digest, hmac};
use rquickjs::{Ctx, Function, Object, Result as JsResult};
use serde_json::json;
use stepup_seal::digest::constant_time_eq;
use url::{Url, form_urlencoded, quirks};

use super::host::type_error;

/// Adds the functions to `host`.
pub(super) fn add<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> JsResult<()> {
    let function = |name: &str, function: Function<'js>| host.set(name, function);
    let parse = |ctx: Ctx<'js>, url: String, base: String| type_error(&ctx, parse_url(&url, &base));
    function("urlParse", Function::new(ctx.clone(), parse)?)?;
    let write = |ctx: Ctx<'js>, href: String, part: String, value: String| {
        type_error(&ctx, write_url(&href, &part, &value))
    };
    function("urlWrite", Function::new(ctx.clone(), write)?)?;
    function("queryParse", Function::new(ctx.clone(), |query: String| parse_query(&query))?)?;
    let write = |ctx: Ctx<'js>, pairs: String| type_error(&ctx, write_query(&pairs));
    function("queryWrite", Function::new(ctx.clone(), write)?)?;
    function("utf8Encode", Function::new(ctx.clone(), |text: String| binary(text.as_bytes()))?)?;
    let decode = |text: String| String::from_utf8_lossy(&bytes(&text)).into_owned();
    function("utf8Decode", Function::new(ctx.clone(), decode)?)?;
    let digest = |algorithm: String, data: String| {
        let digest = digest::digest(Hash::named(&algorithm).digest, &bytes(&data));
        binary(digest.as_ref())
    };
    function("digest", Function::new(ctx.clone(), digest)?)?;
    let hmac = |algorithm: String, key: String, data: String| {
        let key = hmac::Key::new(Hash::named(&algorithm).hmac, &bytes(&key));
        binary(hmac::sign(&key, &bytes(&data)).as_ref())
    };
    function("hmac", Function::new(ctx.clone(), hmac)?)?;
    let equal = |a: String, b: String| constant_time_eq(&bytes(&a), &bytes(&b));
    function("constantTimeEqual", Function::new(ctx.clone(), equal)?)?;
    Ok(())
}

/// A hash function, by itself and with a key.
struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
}

impl Hash {
    /// `js/node.js` asks for these alone.
    fn named(name: &str) -> Self {
        match name {
            "sha1" => {
                Self { digest: &digest::SHA1_FOR_LEGACY_USE_ONLY, hmac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY }
            }
            "sha384" => Self { digest: &digest::SHA384, hmac: hmac::HMAC_SHA384 },
            "sha512" => Self { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512 },
            _ => Self { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256 },
        }
    }
}

/// Bytes as the characters U+0000 to U+00FF.
pub(super) fn binary(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The other way; a character above U+00FF, which no library sends, loses its upper bits.
fn bytes(binary: &str) -> Vec<u8> {
    binary.chars().map(|character| character as u32 as u8).collect()
}

fn parse_url(url: &str, base: &str) -> Result<String, String> {
    let base = if base.is_empty() {
        None
    } else {
        Some(Url::parse(base).map_err(|_| format!("Invalid URL: {base}"))?)
    };
    let parsed = Url::options().base_url(base.as_ref()).parse(url);
    parsed.map(|url| parts(&url)).map_err(|_| format!("Invalid URL: {url}"))
}

/// A part that cannot be what is asked for stays as it is, as the standard has it, `href` excepted.
fn write_url(href: &str, part: &str, value: &str) -> Result<String, String> {
    let mut url = Url::parse(href).map_err(|_| format!("Invalid URL: {href}"))?;
    match part {
        "hash" => quirks::set_hash(&mut url, value),
        "host" => drop(quirks::set_host(&mut url, value)),
        "hostname" => drop(quirks::set_hostname(&mut url, value)),
        "href" => quirks::set_href(&mut url, value).map_err(|_| format!("Invalid URL: {value}"))?,
        "password" => drop(quirks::set_password(&mut url, value)),
        "pathname" => quirks::set_pathname(&mut url, value),
        "port" => drop(quirks::set_port(&mut url, value)),
        "protocol" => drop(quirks::set_protocol(&mut url, value)),
        "search" => quirks::set_search(&mut url, value),
        "username" => drop(quirks::set_username(&mut url, value)),
        _ => return Err(format!("a URL has no `{part}`")),
    }
    Ok(parts(&url))
}

fn parts(url: &Url) -> String {
    json!({
        "hash": quirks::hash(url), "host": quirks::host(url), "hostname": quirks::hostname(url),
        "href": quirks::href(url), "origin": quirks::origin(url), "password": quirks::password(url),
        "pathname": quirks::pathname(url), "port": quirks::port(url), "protocol": quirks::protocol(url),
        "search": quirks::search(url), "username": quirks::username(url),
    })
    .to_string()
}

fn parse_query(query: &str) -> String {
    let query = query.strip_prefix('?').unwrap_or(query);
    json!(form_urlencoded::parse(query.as_bytes()).collect::<Vec<_>>()).to_string()
}

fn write_query(pairs: &str) -> Result<String, String> {
    let pairs: Vec<(String, String)> = serde_json::from_str(pairs).map_err(|error| error.to_string())?;
    Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}
