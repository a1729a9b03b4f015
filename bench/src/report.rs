//! The figures: as a table for people, as JSON for programs.

use std::{fmt, fs, path::Path};

use serde::Serialize;

/// One thing that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) measured: f64,
    /// The raw primitive, in the same unit; none where the promise is an absolute one.
    pub(crate) raw: Option<Raw>,
    /// The promise; none for what is only told.
    pub(crate) promise: Option<Promise>,
}

/// What a figure is held against.
#[derive(Debug, Serialize)]
pub(crate) struct Raw {
    /// What it is.
    pub(crate) name: &'static str,
    pub(crate) measured: f64,
}

/// What a figure must be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Promise {
    /// At least this, in the figure's unit.
    AtLeast(f64),
    /// At most this, in the figure's unit.
    AtMost(f64),
    /// At most so much more than the raw primitive, in the figure's unit.
    MoreThanRaw(f64),
    /// At most so many times the raw primitive.
    TimesRaw(f64),
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.raw.as_ref().map(|raw| self.measured / raw.measured)
    }

    /// Whether the promise is kept; none where there is none.
    fn is_met(&self) -> Option<bool> {
        Some(match self.promise? {
            Promise::AtLeast(least) => self.measured >= least,
            Promise::AtMost(most) => self.measured <= most,
            Promise::MoreThanRaw(more) => self.measured - self.raw.as_ref()?.measured <= more,
            Promise::TimesRaw(times) => self.ratio()? <= times,
        })
    }
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Figure>);

impl Report {
    pub(crate) fn add(&mut self, figure: Figure) {
        self.0.push(figure);
    }

    pub(crate) fn extend(&mut self, figures: impl IntoIterator<Item = Figure>) {
        self.0.extend(figures);
    }

    /// The names of the figures whose promise is not kept.
    pub(crate) fn missed(&self) -> Vec<&'static str> {
        let missed = self.0.iter().filter(|figure| figure.is_met() == Some(false));
        missed.map(|figure| figure.name).collect()
    }

    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        #[derive(Serialize)]
        struct Line<'f> {
            #[serde(flatten)]
            figure: &'f Figure,
            ratio: Option<f64>,
            met: Option<bool>,
        }
        let lines = self.0.iter().map(|figure| Line { figure, ratio: figure.ratio(), met: figure.is_met() });
        let lines: Vec<_> = lines.collect();
        fs::write(file, serde_json::to_string_pretty(&serde_json::json!({ "figures": lines }))?)?;
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["", "measured", "raw primitive", "ratio", "promise", ""].map(str::to_owned);
        let rows: Vec<[String; 6]> = std::iter::once(header).chain(self.0.iter().map(row)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for row in &rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            writeln!(formatter, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

fn row(figure: &Figure) -> [String; 6] {
    let unit = figure.unit;
    let raw = figure.raw.as_ref().map(|raw| format!("{} {unit} ({})", number(raw.measured), raw.name));
    let promise = figure.promise.map(|promise| match promise {
        Promise::AtLeast(least) => format!("≥ {} {unit}", number(least)),
        Promise::AtMost(most) => format!("≤ {} {unit}", number(most)),
        Promise::MoreThanRaw(more) => format!("≤ raw + {} {unit}", number(more)),
        Promise::TimesRaw(times) => format!("≤ {times} × raw"),
    });
    let verdict = figure.is_met().map_or("", |met| if met { "ok" } else { "MISSED" });
    [
        figure.name.to_owned(),
        format!("{} {unit}", number(figure.measured)),
        raw.unwrap_or_default(),
        figure.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        promise.unwrap_or_default(),
        verdict.to_owned(),
    ]
}

/// Three digits that matter.
fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
