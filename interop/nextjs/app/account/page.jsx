import { auth0 } from "../../lib/auth0";

export default auth0.withPageAuthRequired(
  async function Account() {
    const { user } = await auth0.getSession();
    return (
      <main>
        <h1>Account</h1>
        <p id="email">{user.email}</p>
      </main>
    );
  },
  { returnTo: "/account" },
);
