//! The bank: one account a customer, in memory. Money leaves it only with an access token for `transfer:funds`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use stepup::AccessToken;

use crate::money::{Pence, Pounds};
use crate::order::{Order, OrderId, Stage};

/// The scope that the bank's API wants to see before it moves money.
pub(crate) const TRANSFER_SCOPE: &str = "transfer:funds";

/// Orders that a customer may have open or look back on; the oldest goes first.
const ORDERS_KEPT: usize = 50;

/// All accounts, by the customer's subject.
#[derive(Debug, Default)]
pub(crate) struct Bank {
    accounts: Mutex<HashMap<String, Account>>,
}

/// One customer's money and orders.
#[derive(Debug)]
struct Account {
    movements: Vec<Movement>,
    orders: BTreeMap<OrderId, Order>,
    next_order: OrderId,
}

/// Money that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Movement {
    pub(crate) on: Date,
    pub(crate) with: String,
    /// Below zero: it went.
    pub(crate) pence: i64,
}

/// What the balance page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) balance: Pounds,
    /// Newest first.
    pub(crate) movements: Vec<Movement>,
}

impl Statement {
    /// Whether there is enough.
    pub(crate) const fn covers(&self, amount: Pence) -> bool {
        amount.get() <= self.balance.0
    }
}

/// Why the bank does not move money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransferError {
    #[error("the account does not hold that much")]
    InsufficientFunds,
    #[error("there is no such order")]
    NoSuchOrder,
    #[error("the access token does not allow transfers")]
    NotAllowed,
}

impl Bank {
    /// The customer's statement; a customer seen for the first time gets an account, dated back from `today`.
    pub(crate) fn statement(&self, customer: &str, today: Date) -> Statement {
        let mut accounts = self.lock();
        let account = accounts.entry(customer.to_owned()).or_insert_with(|| Account::opened(today));
        Statement {
            balance: Pounds(account.balance()),
            movements: account.movements.iter().rev().cloned().collect(),
        }
    }

    /// Keeps an order until it is carried out.
    pub(crate) fn place(&self, customer: &str, order: Order, today: Date) -> OrderId {
        let mut accounts = self.lock();
        let account = accounts.entry(customer.to_owned()).or_insert_with(|| Account::opened(today));
        let id = account.next_order;
        account.next_order = id.next();
        account.orders.insert(id, order);
        if account.orders.len() > ORDERS_KEPT {
            account.orders.pop_first();
        }
        id
    }

    /// The customer's order. Nobody else's is ever found.
    pub(crate) fn order(&self, customer: &str, id: OrderId) -> Option<Order> {
        self.lock().get(customer)?.orders.get(&id).cloned()
    }

    /// Changes an order, if it is there.
    pub(crate) fn amend(&self, customer: &str, id: OrderId, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.lock().get_mut(customer).and_then(|account| account.orders.get_mut(&id)) {
            change(order);
        }
    }

    /// Takes back an order that was not carried out.
    pub(crate) fn cancel(&self, customer: &str, id: OrderId) {
        if let Some(account) = self.lock().get_mut(customer)
            && account.orders.get(&id).is_some_and(|order| !order.is_done())
        {
            account.orders.remove(&id);
        }
    }

    /// Carries an order out, once: the second time it only says that it is done.
    pub(crate) fn carry_out(
        &self,
        customer: &str,
        id: OrderId,
        permission: &AccessToken,
        today: Date,
    ) -> Result<(), TransferError> {
        if !permission.scope().is_some_and(|scope| scope.contains(TRANSFER_SCOPE)) {
            return Err(TransferError::NotAllowed);
        }
        self.settle(customer, id, today)
    }

    fn settle(&self, customer: &str, id: OrderId, today: Date) -> Result<(), TransferError> {
        let mut accounts = self.lock();
        let account = accounts.get_mut(customer).ok_or(TransferError::NoSuchOrder)?;
        let balance = account.balance();
        let order = account.orders.get_mut(&id).ok_or(TransferError::NoSuchOrder)?;
        if order.is_done() {
            return Ok(());
        }
        if order.amount.get() > balance {
            return Err(TransferError::InsufficientFunds);
        }
        order.stage = Stage::Done;
        account.movements.push(Movement { on: today, with: order.to.clone(), pence: -order.amount.get() });
        Ok(())
    }

    /// A panic elsewhere leaves every account consistent: each change is one assignment after all checks.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    /// An account with a past, so that the first statement shows something.
    fn opened(today: Date) -> Self {
        let past = [
            (34, "Opening gift from the bank", 100_000),
            (21, "Royal Society, for Note G", 94_000),
            (12, "Byron & Daughter, stationers", -4_538),
            (5, "Marylebone Harp Lessons", -5_900),
            (2, "Difference Engine Fund", -2_050),
        ];
        let movements = past
            .into_iter()
            .map(|(days_ago, with, pence)| Movement {
                on: today.saturating_sub(jiff::Span::new().days(days_ago)),
                with: with.to_owned(),
                pence,
            })
            .collect();
        Self { movements, orders: BTreeMap::new(), next_order: OrderId::first() }
    }

    fn balance(&self) -> i64 {
        self.movements.iter().map(|movement| movement.pence).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 24);

    fn order(amount: &str) -> Order {
        Order::new("Charles Babbage".to_owned(), Pence::parse(amount).unwrap())
    }

    #[test]
    fn a_new_customer_has_an_account_with_a_past() {
        let statement = Bank::default().statement("auth0|ada", TODAY);
        assert_eq!(statement.balance, Pounds(181_512));
        assert_eq!(statement.movements[0].on, jiff::civil::date(2026, 11, 22));
    }

    #[test]
    fn an_order_is_carried_out_once() {
        let bank = Bank::default();
        let id = bank.place("ada", order("25"), TODAY);
        for _ in 0..2 {
            assert_eq!(bank.settle("ada", id, TODAY), Ok(()));
        }
        let statement = bank.statement("ada", TODAY);
        assert_eq!(statement.balance, Pounds(179_012));
        assert_eq!(
            statement.movements[0],
            Movement { on: TODAY, with: "Charles Babbage".to_owned(), pence: -2500 }
        );
    }

    #[test]
    fn nobody_sends_more_than_they_have_or_another_ones_order() {
        let bank = Bank::default();
        let id = bank.place("ada", order("1815.13"), TODAY);
        assert_eq!(bank.settle("ada", id, TODAY), Err(TransferError::InsufficientFunds));
        assert_eq!(bank.settle("eve", id, TODAY), Err(TransferError::NoSuchOrder));
        assert!(bank.order("eve", id).is_none());
        assert_eq!(bank.statement("ada", TODAY).balance, Pounds(181_512));
    }

    #[test]
    fn an_order_can_be_taken_back_until_it_is_done() {
        let bank = Bank::default();
        let (open, done) = (bank.place("ada", order("25"), TODAY), bank.place("ada", order("25"), TODAY));
        assert_eq!(bank.settle("ada", done, TODAY), Ok(()));
        bank.cancel("ada", open);
        bank.cancel("ada", done);
        assert!(bank.order("ada", open).is_none());
        assert!(bank.order("ada", done).is_some_and(|order| order.is_done()));
    }

    #[test]
    fn only_the_last_orders_are_kept() {
        let bank = Bank::default();
        let first = bank.place("ada", order("1"), TODAY);
        for _ in 0..ORDERS_KEPT {
            bank.place("ada", order("1"), TODAY);
        }
        assert!(bank.order("ada", first).is_none());
    }
}
