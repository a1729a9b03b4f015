//! The configuration as a document: JSON in the form of `auth0-deploy-cli`'s YAML, which is also the Management API's.

use std::fmt;

use serde_json::{Map, Value};

/// A whole configuration: what stands in the file, the ids and defaults that the service fills in, and on top what was
/// changed since. Members that are not honoured are kept as they are.
///
/// Secrets are in it in the clear; it does not print.
#[derive(Clone, Default, PartialEq)]
pub struct Document(Map<String, Value>);

/// A part of a document: a list of entities, or one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// Actions: a list by `id`.
    Actions,
    /// `attackProtection`: an object.
    AttackProtection,
    /// What the pages look like: an object.
    Branding,
    /// Who may call which API in its own name: a list by `id`.
    ClientGrants,
    /// Applications: a list by `client_id`.
    Clients,
    /// Connections other than databases: a list by `id`.
    Connections,
    /// Database connections: a list by `id`.
    Databases,
    /// Where e-mail is sent through: an object.
    EmailProvider,
    /// Texts of e-mails: a list by `template`.
    EmailTemplates,
    /// What each sending service of a factor needs: a list by `name` and `provider`.
    GuardianFactorProviders,
    /// Factors and whether they are on: a list by `name`, every factor in it.
    GuardianFactors,
    /// Texts of a factor's messages: a list by `name`.
    GuardianFactorTemplates,
    /// `{"message_types": ["sms", "voice"]}`: an object.
    GuardianPhoneFactorMessageTypes,
    /// `{"provider": "auth0"}`: an object.
    GuardianPhoneFactorSelectedProvider,
    /// `{"policies": ["all-applications"]}`: an object.
    GuardianPolicies,
    /// Texts of pages: an object.
    Prompts,
    /// APIs: a list by `id`.
    ResourceServers,
    /// Settings of risk assessment: an object.
    RiskAssessment,
    /// What the ecosystem's form has no member for: an object.
    Stepup,
    /// The tenant's own settings: an object.
    Tenant,
    /// Which Actions run when, `{"post-login": [{"action_name", "display_name"}]}`: an object.
    Triggers,
}

/// How a section tells its entities apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A list; these members make an entity's key.
    List(&'static [&'static str]),
    /// An object; its members are the entities.
    Object,
}

impl Section {
    /// Every section.
    pub const ALL: [Self; 21] = [
        Self::Actions,
        Self::AttackProtection,
        Self::Branding,
        Self::ClientGrants,
        Self::Clients,
        Self::Connections,
        Self::Databases,
        Self::EmailProvider,
        Self::EmailTemplates,
        Self::GuardianFactorProviders,
        Self::GuardianFactors,
        Self::GuardianFactorTemplates,
        Self::GuardianPhoneFactorMessageTypes,
        Self::GuardianPhoneFactorSelectedProvider,
        Self::GuardianPolicies,
        Self::Prompts,
        Self::ResourceServers,
        Self::RiskAssessment,
        Self::Stepup,
        Self::Tenant,
        Self::Triggers,
    ];

    /// Its member in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::AttackProtection => "attackProtection",
            Self::Branding => "branding",
            Self::ClientGrants => "clientGrants",
            Self::Clients => "clients",
            Self::Connections => "connections",
            Self::Databases => "databases",
            Self::EmailProvider => "emailProvider",
            Self::EmailTemplates => "emailTemplates",
            Self::GuardianFactorProviders => "guardianFactorProviders",
            Self::GuardianFactors => "guardianFactors",
            Self::GuardianFactorTemplates => "guardianFactorTemplates",
            Self::GuardianPhoneFactorMessageTypes => "guardianPhoneFactorMessageTypes",
            Self::GuardianPhoneFactorSelectedProvider => "guardianPhoneFactorSelectedProvider",
            Self::GuardianPolicies => "guardianPolicies",
            Self::Prompts => "prompts",
            Self::ResourceServers => "resourceServers",
            Self::RiskAssessment => "riskAssessment",
            Self::Stepup => "stepup",
            Self::Tenant => "tenant",
            Self::Triggers => "triggers",
        }
    }

    /// The section with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    pub(super) const fn form(self) -> Form {
        match self {
            Self::Clients => Form::List(&["client_id"]),
            Self::Actions
            | Self::ClientGrants
            | Self::Connections
            | Self::Databases
            | Self::ResourceServers => Form::List(&["id"]),
            Self::GuardianFactors | Self::GuardianFactorTemplates => Form::List(&["name"]),
            Self::GuardianFactorProviders => Form::List(&["name", "provider"]),
            Self::EmailTemplates => Form::List(&["template"]),
            Self::AttackProtection
            | Self::Branding
            | Self::EmailProvider
            | Self::GuardianPhoneFactorMessageTypes
            | Self::GuardianPhoneFactorSelectedProvider
            | Self::GuardianPolicies
            | Self::Prompts
            | Self::RiskAssessment
            | Self::Stepup
            | Self::Tenant
            | Self::Triggers => Form::Object,
        }
    }

    /// The key of an entity of a list; none where it lacks a member that makes it.
    #[must_use]
    pub fn key_of(self, entity: &Value) -> Option<String> {
        let Form::List(members) = self.form() else { return None };
        let parts: Option<Vec<&str>> = members.iter().map(|member| entity.get(member)?.as_str()).collect();
        Some(parts?.join("/"))
    }
}

impl Document {
    /// A document with these members.
    #[must_use]
    pub const fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// All of it.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The entities of a list; none where the section is missing or an object.
    #[must_use]
    pub fn list(&self, section: Section) -> &[Value] {
        self.0.get(section.name()).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The entities of a list, to change; made where it is missing.
    pub fn list_mut(&mut self, section: Section) -> &mut Vec<Value> {
        let member = self.0.entry(section.name()).or_insert_with(|| Value::Array(Vec::new()));
        if !member.is_array() {
            *member = Value::Array(Vec::new());
        }
        match member {
            Value::Array(entities) => entities,
            _ => unreachable!("it was made a list above"),
        }
    }

    /// A member of an object; none where it, or the section, is missing.
    #[must_use]
    pub fn get(&self, section: Section, member: &str) -> Option<&Value> {
        self.0.get(section.name())?.get(member)
    }

    /// The members of an object, to change; made where it is missing.
    pub fn object_mut(&mut self, section: Section) -> &mut Map<String, Value> {
        let member = self.0.entry(section.name()).or_insert_with(|| Value::Object(Map::new()));
        if !member.is_object() {
            *member = Value::Object(Map::new());
        }
        match member {
            Value::Object(members) => members,
            _ => unreachable!("it was made an object above"),
        }
    }

    /// The entity of a list with this key: a client by `client_id`, most others by `id` ([`Section`] says which).
    #[must_use]
    pub fn find(&self, section: Section, key: &str) -> Option<&Value> {
        self.list(section).iter().find(|entity| section.key_of(entity).as_deref() == Some(key))
    }

    /// The entity of a list with this key, to change.
    pub fn find_mut(&mut self, section: Section, key: &str) -> Option<&mut Value> {
        self.list_mut(section).iter_mut().find(|entity| section.key_of(entity).as_deref() == Some(key))
    }

    /// Takes the entity with this key out of a list.
    pub fn remove(&mut self, section: Section, key: &str) -> Option<Value> {
        let entities = self.list_mut(section);
        let position = entities.iter().position(|entity| section.key_of(entity).as_deref() == Some(key))?;
        Some(entities.remove(position))
    }

    /// Removes a section.
    pub(super) fn clear(&mut self, section: Section) {
        self.0.remove(section.name());
    }

    /// Every connection, databases first.
    pub fn connections(&self) -> impl Iterator<Item = &Value> {
        self.list(Section::Databases).iter().chain(self.list(Section::Connections))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Document").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}
