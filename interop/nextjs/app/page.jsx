import { auth0 } from "../lib/auth0";

export default async function Home() {
  const session = await auth0.getSession();
  return (
    <main>
      <h1>A Next.js application</h1>
      {session ? <a href="/auth/logout">Log out</a> : <a href="/auth/login?returnTo=/account">Log in</a>}
    </main>
  );
}
