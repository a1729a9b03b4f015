/** Sessions in the process; the proxy and the pages are bundles of their own, which share nothing but this. */
export function sessionsInMemory() {
  const sessions = (globalThis.sessions ??= new Map());
  return {
    get: async (id) => sessions.get(id) ?? null,
    set: async (id, session) => void sessions.set(id, session),
    delete: async (id) => void sessions.delete(id),
    async deleteByLogoutToken({ sid, sub }) {
      for (const [id, { internal, user }] of sessions) {
        if (sid ? internal.sid === sid : user.sub === sub) sessions.delete(id);
      }
    },
  };
}
