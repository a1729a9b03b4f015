//! `fields` and `include_fields`: which members of an entry the caller wants.

use serde_json::{Map, Value};

use super::{error::Failure, request::Query};

/// Which members of each entry are wanted.
pub(crate) struct Fields {
    /// None: all of them.
    names: Option<Vec<String>>,
    include: bool,
}

impl Fields {
    /// The parameters that say it.
    pub(crate) const PARAMETERS: [&str; 2] = ["fields", "include_fields"];

    /// What a query asks for.
    ///
    /// # Errors
    /// `include_fields` is neither true nor false.
    pub(crate) fn of(query: &Query) -> Result<Self, Failure> {
        let names = query.text("fields")?.map(|names| {
            names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        });
        Ok(Self { names, include: query.truth("include_fields")?.unwrap_or(true) })
    }

    /// The entry with the wanted members alone; `app_metadata.plan` keeps one member of a member.
    pub(crate) fn pick(&self, entry: Value) -> Value {
        let (Some(names), Value::Object(members)) = (&self.names, &entry) else { return entry };
        if self.include {
            let mut picked = Map::new();
            for name in names {
                keep(members, name, &mut picked);
            }
            return Value::Object(picked);
        }
        let mut rest = members.clone();
        for name in names {
            remove(&mut rest, name);
        }
        Value::Object(rest)
    }
}

fn keep(members: &Map<String, Value>, name: &str, picked: &mut Map<String, Value>) {
    if let Some(value) = members.get(name) {
        picked.insert(name.to_owned(), value.clone());
    } else if let Some((outer, inner)) = name.split_once('.')
        && let Some(Value::Object(nested)) = members.get(outer)
    {
        let into = picked.entry(outer).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(into) = into {
            keep(nested, inner, into);
        }
    }
}

fn remove(members: &mut Map<String, Value>, name: &str) {
    if members.remove(name).is_none()
        && let Some((outer, inner)) = name.split_once('.')
        && let Some(Value::Object(nested)) = members.get_mut(outer)
    {
        remove(nested, inner);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_picked_or_left_out() {
        let entry = json!({ "a": 1, "b": { "c": 2, "d": 3 } });
        let fields = |names: &str, include| Fields {
            names: Some(names.split(',').map(str::to_owned).collect()),
            include,
        };
        assert_eq!(fields("a,z", true).pick(entry.clone()), json!({ "a": 1 }));
        assert_eq!(fields("b.c", true).pick(entry.clone()), json!({ "b": { "c": 2 } }));
        assert_eq!(fields("a,b.c", false).pick(entry.clone()), json!({ "b": { "d": 3 } }));
        assert_eq!(Fields { names: None, include: true }.pick(entry.clone()), entry);
    }
}
