//! The languages of the pages, and which one a visitor likes best.

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// Japanese.
    Japanese,
    /// Another one, by its tag (RFC 5646): `Other("fr")`, `Other("pt-BR")`. The application gives its words with
    /// [`PageOptions::texts`](crate::pages::PageOptions::texts); without them it is not spoken.
    Other(&'static str),
}

impl Language {
    /// The tag of RFC 5646.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Japanese => "ja",
            Self::Other(tag) => tag,
        }
    }

    /// Whether a tag asks for it: `de-AT` asks for German (RFC 4647 section 3.4).
    pub(in crate::pages) fn is_meant_by(self, tag: &str) -> bool {
        let (own, tag) = (self.tag().as_bytes(), tag.trim().as_bytes());
        let begins = tag.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own));
        begins && matches!(tag.get(own.len()), None | Some(b'-'))
    }

    /// The one that an `Accept-Language` header likes best (RFC 9110 section 12.5.4), of those that `known` finds.
    pub(in crate::pages) fn accepted(line: &str, known: impl Fn(&str) -> Option<Self>) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for entry in line.split(',') {
            let (tag, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            let weight =
                parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
            if let (Some(language), Some(weight)) = (known(tag), weight)
                && weight > best.map_or(0.0, |(weight, _)| weight)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_means_a_language_with_whatever_comes_after_it() {
        for (language, tag, expected) in [
            (Language::German, "de", true),
            (Language::German, " DE-at ", true),
            (Language::German, "den", false),
            (Language::Other("pt-BR"), "pt-br", true),
            (Language::Other("pt-BR"), "pt", false),
            (Language::Other("fr"), "é", false),
            (Language::Other("fr"), "", false),
        ] {
            assert_eq!(language.is_meant_by(tag), expected, "{language:?} {tag:?}");
        }
    }

    #[test]
    fn the_best_liked_language_is_chosen() {
        for (line, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("fr, ja;q=0.5, en;q=0.6", Some(Language::English)),
            ("JA", Some(Language::Japanese)),
            ("de;q=0, en;q=0.1", Some(Language::English)),
            ("fr,*", None),
            ("de;q=x", None),
            ("", None),
        ] {
            let known = |tag: &str| {
                [Language::English, Language::German, Language::Japanese]
                    .into_iter()
                    .find(|one| one.is_meant_by(tag))
            };
            assert_eq!(Language::accepted(line, known), expected, "{line:?}");
        }
    }
}
