//! Everything that the SDK says to the outside: spans, events and metrics, as text.

use std::{
    fmt::Write as _,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use tracing::{
    Dispatch, Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// What was said in this thread since [`Captured::begin`].
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Said>);

#[derive(Default)]
struct Said {
    lines: Mutex<Vec<Line>>,
    measured: Arc<Mutex<Vec<Measured>>>,
    spans: AtomicU64,
}

/// A span when it began, what it recorded later, or an event.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    /// The span's name; an event has its message among the fields.
    pub(crate) name: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Line {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

/// A counter that went up, or a duration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    /// `name{label="value",…}`, labels in alphabetical order.
    pub(crate) series: String,
    pub(crate) value: f64,
}

/// Ends the capturing.
pub(crate) struct Guards(
    #[expect(dead_code, reason = "held until the test ends")]
    (tracing::subscriber::DefaultGuard, metrics::LocalRecorderGuard<'static>),
);

impl Captured {
    /// Captures what this thread says; a test's runtime has one thread.
    pub(crate) fn begin() -> (Self, Guards) {
        // Where there is one subscriber alone, an event that is met first by a thread without it is off for all threads.
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Captured::default()));
        LazyLock::force(&ANOTHER);
        let captured = Self::default();
        let subscriber = tracing::subscriber::set_default(captured.clone());
        let recorder = Box::leak(Box::new(captured.clone()));
        (captured, Guards((subscriber, metrics::set_default_local_recorder(recorder))))
    }

    /// What the SDK said, and nobody else in this process.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let is_ours = |line: &&Line| line.target == "stepup" || line.target.starts_with("stepup::");
        self.0.lines.lock().unwrap().iter().filter(is_ours).cloned().collect()
    }

    pub(crate) fn at(&self, level: Level) -> Vec<Line> {
        self.lines().into_iter().filter(|line| line.level == level).collect()
    }

    /// The events of the audit log, by name.
    pub(crate) fn audit(&self, event: &str) -> Vec<Line> {
        let lines = self.lines().into_iter();
        lines
            .filter(|line| line.target == "stepup::audit" && line.field("event.name") == Some(event))
            .collect()
    }

    /// How far a counter has come.
    pub(crate) fn count(&self, series: &str) -> u64 {
        let measured = self.0.measured.lock().unwrap();
        measured.iter().filter(|one| one.series == series).map(|one| one.value as u64).sum()
    }

    /// Every series that was measured, once.
    pub(crate) fn series(&self) -> Vec<String> {
        let mut series: Vec<String> =
            self.0.measured.lock().unwrap().iter().map(|one| one.series.clone()).collect();
        series.sort();
        series.dedup();
        series
    }

    /// All of it as one text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for line in self.lines() {
            writeln!(text, "{} {} {} {:?}", line.level, line.target, line.name, line.fields).unwrap();
        }
        for series in self.series() {
            writeln!(text, "{series}").unwrap();
        }
        text
    }

    fn say(&self, metadata: &tracing::Metadata<'_>, fields: Vec<(String, String)>) {
        let line = Line {
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            name: metadata.name().to_owned(),
            fields,
        };
        self.0.lines.lock().unwrap().push(line);
    }
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = format!("{value} {value:?}");
        let mut cause = value.source();
        while let Some(error) = cause {
            write!(text, ": {error} {error:?}").unwrap();
            cause = error.source();
        }
        self.0.push((field.name().to_owned(), text));
    }
}

impl Subscriber for Captured {
    fn enabled(&self, _metadata: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.say(span.metadata(), fields.0);
        Id::from_u64(self.0.spans.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.0.lines.lock().unwrap().push(Line {
            level: Level::TRACE,
            target: "stepup".to_owned(),
            name: "recorded".to_owned(),
            fields: fields.0,
        });
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.say(event.metadata(), fields.0);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

struct Series {
    name: String,
    measured: Arc<Mutex<Vec<Measured>>>,
}

impl Series {
    fn measure(&self, value: f64) {
        self.measured.lock().unwrap().push(Measured { series: self.name.clone(), value });
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.measure(value as f64);
    }

    fn absolute(&self, _value: u64) {}
}

impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.measure(value);
    }
}

impl Captured {
    fn named(&self, key: &Key) -> Arc<Series> {
        let mut labels: Vec<String> =
            key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
        labels.sort();
        let name = match labels.is_empty() {
            true => key.name().to_owned(),
            false => format!("{}{{{}}}", key.name(), labels.join(",")),
        };
        Arc::new(Series { name, measured: Arc::clone(&self.0.measured) })
    }
}

impl Recorder for Captured {
    fn describe_counter(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_gauge(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn describe_histogram(&self, _key: KeyName, _unit: Option<Unit>, _description: SharedString) {}

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.named(key))
    }

    fn register_gauge(&self, _key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.named(key))
    }
}
