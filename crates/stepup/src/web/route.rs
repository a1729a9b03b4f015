//! Which route a request is for.

use http::Method;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{base_url, script};
use crate::{client::Client, detour, pages::Asset};

/// A route of the SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// An access token for the browser.
    AccessToken,
    /// The way back from the tenant.
    Callback,
    /// The way to the tenant.
    Login,
    /// The way out.
    Logout,
    /// Enrols an authenticator.
    MfaAssociate,
    /// Lists authenticators.
    MfaAuthenticators,
    /// Challenges an authenticator.
    MfaChallenge,
    /// Deletes an authenticator: the one in the path, or else in the query's `id`.
    MfaDelete {
        /// The id in the path, decoded.
        id: Option<String>,
    },
    /// The user's own authenticators.
    MfaManage,
    /// A form of that page.
    MfaManageForm,
    /// A page of a step-up.
    MfaPage {
        /// The id of the detour, as the path has it.
        detour: String,
    },
    /// A form of such a page.
    MfaPageForm {
        /// The id of the detour, as the path has it.
        detour: String,
    },
    /// The end of a detour.
    MfaResume {
        /// The id of the detour, as the path has it.
        detour: String,
    },
    /// Waits for a push to be answered.
    MfaPush,
    /// Verifies a second factor.
    MfaVerify,
    /// A file of the ready-made pages.
    PagesAsset,
    /// The user.
    Profile,
    /// The browser module.
    Script,
    /// The types of the browser module.
    ScriptTypes,
}

impl Client {
    /// The route that a request is for; `None`: it is the application's own. A final slash is ignored, case counts, and
    /// a method that the route does not know is the application's too.
    #[must_use]
    pub fn route(&self, method: &Method, path: &str) -> Option<Route> {
        let routes = &self.config().routes;
        let path = path.strip_prefix(self.config().base_path.as_str())?;
        let path = path.strip_suffix('/').unwrap_or(path);
        if method == Method::DELETE {
            let id = path.strip_prefix(&routes.mfa_authenticators)?;
            return authenticator_id(id);
        }
        // A HEAD is a GET whose body the server leaves out; but these routes do things, unlike files, so only GET counts.
        let known = [
            (Method::GET, &routes.login, Route::Login),
            (Method::GET, &routes.callback, Route::Callback),
            (Method::GET, &routes.logout, Route::Logout),
            (Method::GET, &routes.profile, Route::Profile),
            (Method::GET, &routes.access_token, Route::AccessToken),
            (Method::GET, &routes.mfa_authenticators, Route::MfaAuthenticators),
            (Method::POST, &routes.mfa_challenge, Route::MfaChallenge),
            (Method::POST, &routes.mfa_associate, Route::MfaAssociate),
            (Method::POST, &routes.mfa_push, Route::MfaPush),
            (Method::POST, &routes.mfa_verify, Route::MfaVerify),
        ];
        let Some((_, _, route)) = known.into_iter().find(|(takes, at, _)| takes == method && *at == path)
        else {
            let is_read = matches!(*method, Method::GET | Method::HEAD);
            if is_read && path == routes.script {
                return Some(Route::Script);
            }
            if is_read && script::has_types_at(&routes.script, path) {
                return Some(Route::ScriptTypes);
            }
            return self.page_route(method, path.strip_prefix(routes.mfa_pages.as_str())?);
        };
        (route != Route::AccessToken || self.config().access_token_endpoint).then_some(route)
    }

    /// The ready-made page that `page`, what is left after their path, names.
    fn page_route(&self, method: &Method, page: &str) -> Option<Route> {
        if let Some(below) = page.strip_prefix(detour::BELOW) {
            return self.detour_route(method, below);
        }
        match (method, page) {
            (&Method::GET | &Method::HEAD, page) if Asset::at(page).is_some() => Some(Route::PagesAsset),
            _ if !self.config().pages.is_on() => None,
            // Of no detour: a page says so.
            (&Method::GET, "" | "/resume") => Some(Route::MfaPage { detour: String::new() }),
            (&Method::POST, "") => Some(Route::MfaPageForm { detour: String::new() }),
            (&Method::GET, "/manage") => Some(Route::MfaManage),
            (&Method::POST, "/manage") => Some(Route::MfaManageForm),
            _ => None,
        }
    }

    /// The page of a detour that `ID` or `ID/resume` names.
    fn detour_route(&self, method: &Method, below: &str) -> Option<Route> {
        let (id, page) = below.split_once('/').unwrap_or((below, ""));
        let detour = id.to_owned();
        match (method, page) {
            (&Method::GET, "resume") => Some(Route::MfaResume { detour }),
            _ if !self.config().pages.is_on() => None,
            (&Method::GET, "") => Some(Route::MfaPage { detour }),
            (&Method::POST, "") => Some(Route::MfaPageForm { detour }),
            _ => None,
        }
    }
}

impl Client {
    /// The path of the login route that brings the visitor back to `return_to` afterwards: both are paths as the browser
    /// knows them, the path of [`app_base_url`](crate::ClientBuilder::app_base_url) included. Where several are configured,
    /// the first one's.
    ///
    /// ```
    /// # fn show(client: &stepup::Client) {
    /// assert_eq!(client.login_path("/transfer?to=bob"), "/auth/login?returnTo=%2Ftransfer%3Fto%3Dbob");
    /// # }
    /// ```
    #[must_use]
    pub fn login_path(&self, return_to: &str) -> String {
        self.login_path_at(base_url::first(self), return_to)
    }

    /// The same at one of the application's addresses.
    pub(crate) fn login_path_at(&self, base: &Url, return_to: &str) -> String {
        let mut login = base_url::route(self, base, &self.config().routes.login);
        login.query_pairs_mut().append_pair("returnTo", return_to);
        login[url::Position::BeforePath..].to_owned()
    }
}

/// Nothing after the path, or one segment; one that is no text is an id that is none.
fn authenticator_id(rest: &str) -> Option<Route> {
    if rest.is_empty() {
        return Some(Route::MfaDelete { id: None });
    }
    let segment = rest.strip_prefix('/').filter(|segment| !segment.is_empty() && !segment.contains('/'))?;
    let id = percent_decode_str(segment).decode_utf8().unwrap_or_default().into_owned();
    Some(Route::MfaDelete { id: Some(id) })
}
