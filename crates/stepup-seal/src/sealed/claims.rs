//! A payload with claims beside its own members, read in one pass: `exp` and `nbf` are taken out, the payload's type
//! sees the rest.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor},
};
use stepup_protocol::time::UnixTime;

/// The claims that were beside the payload; where one occurs twice the last counts, as JavaScript reads it.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) exp: Option<UnixTime>,
    pub(super) nbf: Option<UnixTime>,
}

/// Reads a JSON object as claims and payload.
pub(super) fn split<T: DeserializeOwned>(json: &[u8]) -> Result<(T, Claims), serde_json::Error> {
    let mut claims = Claims::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let payload = T::deserialize(Payload { inner: &mut deserializer, claims: &mut claims })?;
    deserializer.end()?;
    Ok((payload, claims))
}

/// A number of seconds, of which fractions are dropped.
struct Seconds(UnixTime);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Seconds;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of seconds")
            }

            fn visit_i64<E>(self, seconds: i64) -> Result<Seconds, E> {
                Ok(Seconds(UnixTime::from_seconds(seconds)))
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(UnixTime::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))))
            }

            #[expect(
                clippy::cast_possible_truncation,
                reason = "the cast saturates, which is what is wanted of a far future"
            )]
            fn visit_f64<E>(self, seconds: f64) -> Result<Seconds, E> {
                Ok(Seconds(UnixTime::from_seconds(seconds.floor() as i64)))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

/// The payload's deserialiser: an object without the claims.
struct Payload<'c, D> {
    inner: D,
    claims: &'c mut Claims,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Payload<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(Object { visitor, claims: self.claims })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

struct Object<'c, V> {
    visitor: V,
    claims: &'c mut Claims,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Object<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Members { members, claims: self.claims })
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

struct Members<'c, A> {
    members: A,
    claims: &'c mut Claims,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Name(name)) = self.members.next_key()? {
            let claim = match name.as_ref() {
                "exp" => &mut self.claims.exp,
                "nbf" => &mut self.claims.nbf,
                _ => return seed.deserialize(name.into_deserializer()).map(Some),
            };
            let Seconds(time) = self.members.next_value()?;
            *claim = Some(time);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.members.next_value_seed(seed)
    }
}
