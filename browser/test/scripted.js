// A `fetch` that gives prepared answers and keeps what it was asked.
import { configure } from "../stepup.js";

/** @param answers one an exchange: `[status, body, headers]`, or a function that is called instead */
export function scripted(...answers) {
  const requests = [];
  configure({
    fetch: async (url, init) => {
      const { signal, body, ...rest } = init;
      requests.push({ url, ...rest, body: body === undefined ? undefined : JSON.parse(body) });
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`unexpected request: ${url}`);
      if (typeof answer === "function") return answer(signal);
      const [status, content, headers] = answer;
      const text = typeof content === "string" || content === null ? content : JSON.stringify(content);
      return new Response(text, { status, headers });
    },
  });
  return requests;
}

/** The error that a call rejects with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("the call did not reject");
}
