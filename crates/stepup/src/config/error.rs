//! What is wrong with a configuration, all of it at once.

use std::fmt;

/// A configuration that cannot be used. Names every problem, so that one look is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

/// One option that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The option, as the builder's method is called.
    pub option: &'static str,
    /// The environment variable that sets it too.
    pub variable: Option<&'static str>,
    /// What is wrong, and what to do. Never holds a secret.
    pub problem: String,
}

impl ConfigError {
    /// The problems, in the order of the options.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the configuration cannot be used:")?;
        self.problems.iter().try_for_each(|problem| write!(formatter, "\n  - {problem}"))
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.variable {
            Some(variable) => write!(formatter, "{} ({variable}): {}", self.option, self.problem),
            None => write!(formatter, "{}: {}", self.option, self.problem),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Problems as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<ConfigProblem>,
    /// Options and the variables that they were read from.
    read: Vec<(&'static str, &'static str)>,
}

impl Problems {
    pub(super) fn add(&mut self, option: &'static str, problem: impl Into<String>) {
        let read = self.read.iter().find(|(name, _)| *name == option).map(|(_, variable)| *variable);
        let variable = read.or_else(|| super::environment::variable_of(option));
        self.found.push(ConfigProblem { option, variable, problem: problem.into() });
    }

    /// What is wrong with `option` from here on is wrong with `variable`: one of several may set it.
    pub(super) fn read_from(&mut self, option: &'static str, variable: &'static str) {
        self.read.push((option, variable));
    }

    /// As [`Problems::add`], for one field of an option; its variable is named where it has one of its own.
    pub(super) fn add_to(&mut self, option: &'static str, field: &str, problem: impl fmt::Display) {
        match super::environment::field(option, field) {
            Some(own) => self.add(own, problem.to_string()),
            None => self.add(option, format!("{field}: {problem}")),
        }
    }

    pub(super) fn missing<T>(&mut self, option: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(option, "is missing");
        }
        value
    }

    /// The value, or its problem on the list.
    pub(super) fn take<T>(&mut self, option: &'static str, value: Result<T, impl fmt::Display>) -> Option<T> {
        value.map_err(|problem| self.add(option, problem.to_string())).ok()
    }

    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(ConfigError { problems: self.found }),
        }
    }
}
