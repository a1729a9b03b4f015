//! What the pages say: one struct of texts, a file a language.

mod english;
mod german;
mod japanese;

use std::borrow::Cow;

/// A text: the SDK's own, or the application's.
pub type Text = Cow<'static, str>;

const fn text(words: &'static str) -> Text {
    Cow::Borrowed(words)
}

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
}

impl Language {
    pub(super) const ALL: [Self; 3] = [Self::English, Self::German, Self::Japanese];

    /// The tag of RFC 5646.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Japanese => "ja",
        }
    }

    /// The language that a tag begins with: `de-AT` is German.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The one that an `Accept-Language` header likes best (RFC 9110 section 12.5.4).
    pub(super) fn accepted(line: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for entry in line.split(',') {
            let (tag, parameters) = entry.split_once(';').unwrap_or((entry, ""));
            let weight =
                parameters.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok());
            if let (Some(language), Some(weight)) = (Self::of_tag(tag), weight)
                && weight > best.map_or(0.0, |(weight, _)| weight)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// What the pages say. `{name}` stands for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// There is no such detour: heading.
    pub gone_heading: Text,
    /// There is no such detour: what it means.
    pub gone_text: Text,
    /// The detour is another user's: heading.
    pub other_user_heading: Text,
    /// The detour is another user's: what it means.
    pub other_user_text: Text,
    /// The kept form is not there: heading.
    pub form_lost_heading: Text,
    /// The kept form is not there: what it means.
    pub form_lost_text: Text,
    /// The form is sent again: heading.
    pub resume_heading: Text,
    /// The form is sent again: what happens.
    pub resume_text: Text,
    /// The form is sent again: its button.
    pub resume_button: Text,
    /// To the application's first page.
    pub to_the_start: Text,
    /// Back to the page that the visitor came from.
    pub back_to_the_page: Text,
}

impl Texts {
    /// The SDK's own words.
    #[must_use]
    pub const fn of(language: Language) -> Self {
        match language {
            Language::English => english::TEXTS,
            Language::German => german::TEXTS,
            Language::Japanese => japanese::TEXTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(Language::accepted(line), expected, "{line:?}");
        }
    }
}
