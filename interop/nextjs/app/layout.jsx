import { Client } from "./client";

export const metadata = { title: "A Next.js application", icons: "data:," };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        {children}
        <Client />
      </body>
    </html>
  );
}
