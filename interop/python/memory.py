"""Stores that keep in memory what auth0-server-python gives them."""

from auth0_server_python.store.abstract import StateStore, TransactionStore

SECRET = "a secret of at least thirty-two characters"


class Memory:
    def __init__(self):
        super().__init__({"secret": SECRET})
        self._values = {}

    async def set(self, identifier, state, remove_if_expires=False, options=None):
        self._values[identifier] = state

    async def get(self, identifier, options=None):
        return self._values.get(identifier)

    async def delete(self, identifier, options=None):
        self._values.pop(identifier, None)


class MemoryState(Memory, StateStore):
    async def delete_by_logout_token(self, claims, options=None):
        kept = self._values.items()
        self._values = {name: state for name, state in kept if state.internal.sid != claims["sid"]}


class MemoryTransactions(Memory, TransactionStore):
    pass
