//! The users as an administrator sees them, in SQLite.

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    SqliteStore, accounts, at_length,
    query::{execute, one},
    search::{Column, Table},
    users,
};
use crate::{
    model::User,
    store::{Directory, Found, Search, Stored},
};

impl Directory for SqliteStore {
    fn find_users<'a>(&'a self, search: &'a Search) -> Stored<'a, Found<User>> {
        self.search(|connection| USERS.find(connection, search, users::read))
    }

    fn change_user<'a>(
        &'a self,
        user_id: &'a str,
        remembered: u32,
        change: &'a (dyn Fn(&mut User) + Send + Sync),
    ) -> Stored<'a, Option<User>> {
        self.transact(move |transaction| {
            let found = one(&transaction, "SELECT * FROM users WHERE user_id = ?", [user_id], users::read)?;
            let Some(mut user) = found else { return Ok(None) };
            let password = user.password_hash.clone();
            change(&mut user);
            if let Some(earlier) = password.filter(|earlier| !is_hash(&user, earlier)) {
                accounts::retire(&transaction, user_id, &earlier, remembered)?;
                accounts::end_mfa(&transaction, user_id)?;
            }
            users::update(&transaction, &user)?;
            transaction.commit()?;
            Ok(Some(user))
        })
    }

    fn delete_user<'a>(&'a self, user_id: &'a str) -> Stored<'a, bool> {
        self.transact(move |transaction| {
            for (table, user) in OF_A_USER {
                transaction.execute(&format!("DELETE FROM {table} WHERE {user} = ?"), [user_id])?;
            }
            let deleted = execute(&transaction, "DELETE FROM users WHERE user_id = ?", [user_id])?;
            transaction.commit()?;
            Ok(deleted == 1)
        })
    }

    fn delete_users_of<'a>(&'a self, connection: &'a str) -> Stored<'a, ()> {
        self.transact(move |transaction| {
            at_length(|| {
                for (table, user) in OF_A_USER {
                    let statement = format!(
                        "DELETE FROM {table} WHERE {user} IN (SELECT user_id FROM users WHERE connection = ?)"
                    );
                    transaction.execute(&statement, [connection])?;
                }
                execute(&transaction, "DELETE FROM users WHERE connection = ?", [connection])?;
                Ok(transaction.commit()?)
            })
        })
    }
}

/// Whether `hash` is that of the user's password.
fn is_hash(user: &User, hash: &SecretString) -> bool {
    user.password_hash.as_ref().is_some_and(|held| held.expose_secret() == hash.expose_secret())
}

/// The tables of what goes with a user, and what names the user there. Logins and token requests under way find nobody any
/// more, and end by themselves.
const OF_A_USER: [(&str, &str); 8] = [
    ("earlier_passwords", "user_id"),
    ("sessions", "json_extract(data, '$.user_id')"),
    ("authenticators", "user_id"),
    ("browsers", "user_id"),
    ("consents", "user_id"),
    ("known_devices", "user_id"),
    ("oob", "user_id"),
    ("tickets", "data ->> 'user_id'"),
];

/// What users can be searched by: their members on the wire.
const USERS: Table = Table {
    name: "users",
    columns: "*",
    natural: "created_at, user_id",
    unique: "user_id",
    column: user_column,
    default: &[
        "email",
        "name",
        "nickname",
        "given_name",
        "family_name",
        "username",
        "user_id",
        "phone_number",
    ],
};

fn user_column(field: &str) -> Option<Column> {
    let text = |sql| Column::Text { sql, folds: true, indexed: false };
    Some(match field {
        "user_id" => Column::Text { sql: "user_id", folds: false, indexed: true },
        "email" => Column::Text { sql: "email", folds: true, indexed: true },
        "username" => Column::Text { sql: "username", folds: true, indexed: true },
        "email.domain" => text("substr(email, instr(email, '@') + 1)"),
        "name" => text("profile ->> 'name'"),
        "nickname" => text("profile ->> 'nickname'"),
        "given_name" => text("profile ->> 'given_name'"),
        "family_name" => text("profile ->> 'family_name'"),
        "phone_number" => Column::Text { sql: "profile ->> 'phone_number'", folds: false, indexed: false },
        "picture" => Column::Text { sql: "profile ->> 'picture'", folds: false, indexed: false },
        "email_verified" => Column::Truth("profile ->> 'email_verified'"),
        "phone_verified" => Column::Truth("profile ->> 'phone_verified'"),
        "blocked" => Column::Truth("profile ->> 'blocked'"),
        "logins_count" => Column::Number("logins_count"),
        "created_at" => Column::Time("created_at"),
        "updated_at" => Column::Time("updated_at"),
        "last_login" => Column::Time("last_login"),
        "last_password_reset" => Column::Time("profile ->> 'last_password_reset'"),
        "connection" | "identities.connection" => {
            Column::Text { sql: "connection", folds: false, indexed: false }
        }
        "identities.provider" => Column::Constant("auth0"),
        "identities.isSocial" => Column::Constant("false"),
        "identities.user_id" => {
            Column::Text { sql: "substr(user_id, instr(user_id, '|') + 1)", folds: false, indexed: false }
        }
        nested => {
            let (column, path) = nested.split_once('.')?;
            let column = match column {
                "app_metadata" => "app_metadata",
                "user_metadata" => "user_metadata",
                _ => return None,
            };
            Column::Json(column, path.split('.').map(str::to_owned).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::search::Sql, *};
    use crate::store::{Filter, Match, Order, Piece, Vault};

    fn store() -> SqliteStore {
        SqliteStore::open("sqlite::memory:", Vault::new(&[7; 32])).unwrap()
    }

    /// How SQLite would look for the users that a filter wants.
    async fn plan(store: &SqliteStore, filter: &Filter) -> String {
        let mut sql = Sql::default();
        sql.push("EXPLAIN QUERY PLAN SELECT * FROM users WHERE ");
        USERS.filter(&mut sql, filter);
        sql.push(" ORDER BY created_at, user_id LIMIT 50 OFFSET 0");
        let steps =
            store.read(move |connection| sql.all(connection, |row| Ok(row.get::<_, String>("detail")?)));
        steps.await.unwrap().join("; ")
    }

    #[tokio::test]
    async fn common_look_ups_read_an_index_and_no_table() {
        let store = store();
        let like = |field: &str| Filter::Term {
            field: Some(field.to_owned()),
            matches: Match::Like(vec![Piece::Literal("ada".to_owned()), Piece::Anything]),
        };
        let cases = [
            (Filter::equals("user_id", "auth0|x"), "sqlite_autoindex_users_1"),
            (Filter::equals("email", "ada@example.com"), "users_email"),
            (Filter::equals("username", "ada"), "users_username"),
            (like("email"), "users_email"),
            (like("user_id"), "sqlite_autoindex_users_1"),
            (Filter::everything(), "users_created"),
        ];
        for (filter, index) in cases {
            let plan = plan(&store, &filter).await;
            assert!(plan.contains(index), "{filter:?}: {plan}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_search_makes_the_database_fail(
            field in "(app_metadata|user_metadata|email|created_at|nothing)(\\.[^.]{0,6}){0,3}|.{0,12}",
            value in any::<String>(),
            negative in any::<bool>(),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let store = store();
                let forms = [
                    Match::Equals(value.clone()),
                    Match::Exists,
                    Match::Like(vec![Piece::Literal(value.clone()), Piece::Anything, Piece::One]),
                    Match::Range(std::ops::Bound::Included(value.clone()), std::ops::Bound::Unbounded),
                ];
                for matches in forms {
                    let term = Filter::Term { field: Some(field.clone()), matches };
                    let filter = if negative { Filter::Not(Box::new(term)) } else { term };
                    let order = vec![Order { field: field.clone(), descending: negative }];
                    let search = Search { filter, order, offset: 0, limit: 10, count: true };
                    assert_eq!(store.find_users(&search).await.unwrap().entries.len(), 0);
                }
            });
        }
    }
}
