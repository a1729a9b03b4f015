//! The body of a route's answer: whole, or a stream of server-sent events.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, stream::BoxStream};
use http_body::{Frame, SizeHint};
use serde_json::Value;

/// The body of an answer: all of it, or server-sent events as they happen (WHATWG HTML, section Server-sent events).
///
/// It is an [`http_body::Body`], which every framework of this ecosystem sends as it is. It cannot fail, and it does not
/// print what it holds. Dropping it ends whatever makes its events.
///
/// ```
/// use http_body::Body as _;
///
/// let body = stepup::Body::from(bytes::Bytes::from_static(b"{}"));
/// assert_eq!(body.size_hint().exact(), Some(2));
/// ```
pub struct Body(Kind);

enum Kind {
    Events(BoxStream<'static, Event>),
    /// Empty once it is taken.
    Whole(Bytes),
}

/// One server-sent event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    name: &'static str,
    data: Value,
}

impl Event {
    /// `name` is a word of ours, without a line break; `data` goes out as JSON, which has none either.
    pub(crate) const fn new(name: &'static str, data: Value) -> Self {
        Self { name, data }
    }

    fn encode(&self) -> Bytes {
        Bytes::from(format!("event: {}\ndata: {}\n\n", self.name, self.data))
    }
}

impl Body {
    pub(crate) fn events(events: impl Stream<Item = Event> + Send + 'static) -> Self {
        Self(Kind::Events(Box::pin(events)))
    }
}

impl From<Bytes> for Body {
    fn from(whole: Bytes) -> Self {
        Self(Kind::Whole(whole))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut self.get_mut().0 {
            Kind::Events(events) => {
                events.as_mut().poll_next(context).map(|event| event.map(|event| event.encode()))
            }
            Kind::Whole(whole) => Poll::Ready(Some(std::mem::take(whole)).filter(|whole| !whole.is_empty())),
        };
        next.map(|data| data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Kind::Whole(whole) if whole.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Events(_) => SizeHint::default(),
            Kind::Whole(whole) => SizeHint::with_exact(whole.len() as u64),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Kind::Events(_) => "Body(events)",
            Kind::Whole(_) => "Body(whole)",
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::json;

    use super::*;

    async fn text(body: Body) -> String {
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn events_are_written_as_the_standard_reads_them() {
        let events = [Event::new("pending", json!({"a": "1\n2"})), Event::new("approved", json!({}))];
        let body = Body::events(futures_util::stream::iter(events));
        assert_eq!(http_body::Body::size_hint(&body).exact(), None);
        assert_eq!(
            text(body).await,
            "event: pending\ndata: {\"a\":\"1\\n2\"}\n\nevent: approved\ndata: {}\n\n"
        );
    }

    #[tokio::test]
    async fn a_whole_body_comes_once_with_its_length() {
        let body = Body::from(Bytes::from_static(b"{}"));
        assert_eq!(http_body::Body::size_hint(&body).exact(), Some(2));
        assert_eq!(text(body).await, "{}");
        assert!(http_body::Body::is_end_stream(&Body::from(Bytes::new())));
    }
}
