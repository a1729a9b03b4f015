//! Hashes of other systems: made with other implementations, or published.

use super::*;

fn parsed(json: &str) -> CustomHash {
    serde_json::from_str(json).unwrap()
}

#[test]
fn each_algorithm_takes_the_password_that_was_hashed_and_no_other() {
    for (name, json, password) in [
        (
            "md5 with a salt before",
            r#"{"algorithm": "md5", "hash": {"value": "DE8498EB12B0309737310C8971CFC7A2", "encoding": "hex"}, "salt": {"value": "salt"}}"#,
            "correct horse",
        ),
        (
            "sha1 with a salt after",
            r#"{"algorithm": "sha1", "hash": {"value": "1Lh7zXOIoKKfgvLQseSpBlkEgx8=", "encoding": "base64"}, "salt": {"value": "ff00", "encoding": "hex", "position": "suffix"}}"#,
            "correct horse",
        ),
        (
            "sha256 plain",
            r#"{"algorithm": "sha256", "hash": {"value": "QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE", "encoding": "base64"}}"#,
            "correct horse",
        ),
        (
            "sha512 of UTF-16",
            r#"{"algorithm": "sha512", "hash": {"value": "5582f4e3f9ce32dbcd34ef5b586909364f4aaa7a86268c191dd0882e3f4c1bb932d184d65d33f41593b1e331947e2fd1dab1a847966fdf0c8f1db01f3a5610db", "encoding": "hex"}, "password": {"encoding": "ucs2"}}"#,
            "pässword€",
        ),
        (
            "sha256 of Latin-1",
            r#"{"algorithm": "sha256", "hash": {"value": "fe699eee1c6a654b6699f92e2d5e06a00e220b91495190eceac3eff8140f2986", "encoding": "hex"}, "password": {"encoding": "latin1"}}"#,
            "pässword",
        ),
        (
            "hmac sha384",
            r#"{"algorithm": "hmac", "hash": {"value": "51ac3dba86ed0a508fd725f82a9e3e998c2ccc497c53d529b6355d7d9372071828d11e4b37c60bc5c640f3630cd6e42c", "encoding": "hex", "digest": "sha384", "key": {"value": "AQI=", "encoding": "base64"}}}"#,
            "correct horse",
        ),
        (
            "hmac sha224 with salt",
            r#"{"algorithm": "hmac", "hash": {"value": "afbc238804ae814aad48d9f8741ca4b931dfbcf043b2f2042048a0a9", "encoding": "hex", "digest": "sha224", "key": {"value": "key"}}, "salt": {"value": "s"}}"#,
            "correct horse",
        ),
        (
            "ldap ssha",
            r#"{"algorithm": "ldap", "hash": {"value": "{SSHA}yq+6LfoscPeBAPxrfNHqPk640oMxMjM0", "encoding": "utf8"}}"#,
            "correct horse",
        ),
        (
            "ldap smd5",
            r#"{"algorithm": "ldap", "hash": {"value": "{smd5}QjxTgIJIKB6O5RMhPHPVrjEyMzQ1Njc4"}}"#,
            "correct horse",
        ),
        (
            "ldap sha512",
            r#"{"algorithm": "ldap", "hash": {"value": "{SHA512}VraY3v7bWkNbY0r+MyC7rz/c2SC2xQOkRvx7endrKY1HnRumqLYXgI6wv1ec6aldZoNHvKtxSQhayTyyeZUZew=="}}"#,
            "correct horse",
        ),
        (
            "pbkdf2 sha256",
            r#"{"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$cBg8D2DungRB9k76szThf5ehfyBz991ay6PT8Srwk4M"}}"#,
            "correct horse",
        ),
        (
            "pbkdf2 by another name",
            r#"{"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-RSA-SHA1$i=1000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$aUfE2vx5Q7zgbb0jx49AaNpXUQQVW6pePKN5ab37G40CjX2bMTkDcCwFngZ2OyqCChhH4ZgScMIsuF9Oq2gqbw"}}"#,
            "correct horse",
        ),
        (
            "scrypt",
            r#"{"algorithm": "scrypt", "hash": {"value": "78e9af81353b684817ec31ed3f99ec60d38d7f3df291d2804d07c856c9dec6e72544e181ab243c1373ca3eb901754e0e", "encoding": "hex"}, "salt": {"value": "abc123"}, "keylen": 48, "cost": 1024, "parallelization": 2}"#,
            "correct horse",
        ),
        (
            "bcrypt, published",
            r#"{"algorithm":"bcrypt","hash":{"value":"$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"}}"#,
            "hello",
        ),
        // RFC 1320 appendix A.5.
        (
            "md4",
            r#"{"algorithm":"md4","hash":{"value":"d79e1c308aa5bbcdeea8ed63df412da9","encoding":"hex"}}"#,
            "abcdefghijklmnopqrstuvwxyz",
        ),
        // RFC 2202 section 3, test case 2.
        (
            "hmac sha1",
            r#"{"algorithm":"hmac","hash":{"value":"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79","encoding":"hex","digest":"sha1","key":{"value":"Jefe"}}}"#,
            "what do ya want for nothing?",
        ),
        // RFC 2202 section 2, test case 2.
        (
            "hmac md5",
            r#"{"algorithm":"hmac","hash":{"value":"750c783e6ab0b503eaa86e310a5db738","encoding":"hex","digest":"md5","key":{"value":"Jefe"}}}"#,
            "what do ya want for nothing?",
        ),
        // RFC 2286 section 2, test case 2.
        (
            "hmac ripemd160",
            r#"{"algorithm":"hmac","hash":{"value":"dda6c0213a485a9e24f4742064a7f033b43c4069","encoding":"hex","digest":"ripemd160","key":{"value":"Jefe"}}}"#,
            "what do ya want for nothing?",
        ),
        // RFC 7914 section 12.
        (
            "scrypt, published",
            r#"{"algorithm":"scrypt","hash":{"value":"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640","encoding":"hex"},"salt":{"value":"NaCl"},"keylen":64,"cost":1024,"parallelization":16}"#,
            "password",
        ),
    ] {
        let hash = parsed(json);
        let kept = hash.to_kept().unwrap();
        assert!(parsed(&kept).verify(password), "{name}");
        assert!(!parsed(&kept).verify(&format!("{password}x")), "{name}");
        assert!(!parsed(&kept).verify(""), "{name}");
        assert!(!format!("{hash:?}").contains("value"), "{name}");
    }
    assert_eq!(
        Digest::Whirlpool.of(b"abc")[..8],
        // ISO/IEC 10118-3, test vector 3.
        [0x4e, 0x24, 0x48, 0xa4, 0xc6, 0xf4, 0x86, 0xbb]
    );
}

#[test]
fn what_cannot_be_checked_is_refused() {
    for (json, problem) in [
        (r#"{"algorithm":"md5","hash":{"value":"00"}}"#, "`hash.encoding` must be hex or base64"),
        (
            r#"{"algorithm":"md5","hash":{"value":"00","encoding":"hex"}}"#,
            "has 1 bytes where 16 are expected",
        ),
        (r#"{"algorithm":"md5","hash":{"value":"0g","encoding":"hex"}}"#, "is not in its encoding"),
        (r#"{"algorithm":"hmac","hash":{"value":"00","encoding":"hex"}}"#, "needs `hash.digest`"),
        (r#"{"algorithm":"hmac","hash":{"value":"00","encoding":"hex","digest":"md5"}}"#, "needs `hash.key`"),
        (r#"{"algorithm":"bcrypt","hash":{"value":"$2x$10$abc"}}"#, "not bcrypt"),
        (
            r#"{"algorithm":"bcrypt","hash":{"value":"$2b$31$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"}}"#,
            "at most cost",
        ),
        (r#"{"algorithm":"argon2","hash":{"value":"$2b$10$abc"}}"#, "not argon2"),
        (r#"{"algorithm":"argon2","hash":{"value":"x"},"salt":{"value":"x"}}"#, "`salt` is not allowed"),
        (r#"{"algorithm":"ldap","hash":{"value":"{CRYPT}x"}}"#, "must be MD5, SMD5"),
        (r#"{"algorithm":"ldap","hash":{"value":"{SSHA}AAAA"}}"#, "too short"),
        (r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-mdc2$i=1,l=1$AA$AA"}}"#, "not supported"),
        (r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-md5$i=0,l=1$AA$AA"}}"#, "iterations"),
        (r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-md5$i=4000000000,l=1$AA$AA"}}"#, "iterations"),
        (r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-md5$AA"}}"#, "has the form"),
        (r#"{"algorithm":"scrypt","hash":{"value":"00","encoding":"hex"}}"#, "needs `keylen`"),
        (
            r#"{"algorithm":"scrypt","hash":{"value":"00","encoding":"hex"},"keylen":1,"cost":1048577}"#,
            "power of two",
        ),
        (
            r#"{"algorithm":"scrypt","hash":{"value":"00","encoding":"hex"},"keylen":1,"cost":2147483648}"#,
            "256 MiB",
        ),
    ] {
        let told = parsed(json).to_kept().unwrap_err();
        assert!(told.contains(problem), "{json}: {told}");
    }
    for json in [
        r#"{"algorithm":"crypt","hash":{"value":""}}"#,
        r#"{"algorithm":"md5"}"#,
        r#"{"algorithm":"md5","hash":{"value":"","pepper":1}}"#,
    ] {
        assert!(serde_json::from_str::<CustomHash>(json).is_err(), "{json}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_panic(value in ".{0,80}", scheme in "[a-z0-9{}$=,-]{0,24}", password in ".{0,20}") {
        for algorithm in ["bcrypt", "ldap", "pbkdf2", "md5", "hmac", "scrypt"] {
            let json = serde_json::json!({
                "algorithm": algorithm,
                "hash": { "value": format!("{scheme}{value}"), "encoding": "base64", "digest": "md5", "key": { "value": "k" } },
            });
            let hash: CustomHash = serde_json::from_value(json).unwrap();
            if hash.to_kept().is_ok() {
                hash.verify(&password);
            }
        }
    }
}
