// Signs and posts forms as Twilio does, with Twilio's own Node library.
// Reads [{to, signed, token, form, signature?}] on standard input, writes [{status, body}]; the fields of `form` are
// strings, or lists for repeated ones. `signed` is the address that is signed, `to` the one that is called.
const { getExpectedTwilioSignature } = require("twilio/lib/webhooks/webhooks");

async function call({ to, signed, token, form, signature }) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) for (const each of [].concat(value)) body.append(name, each);
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    "X-Twilio-Signature": signature ?? getExpectedTwilioSignature(token, signed, form),
  };
  const answer = await fetch(to, { method: "POST", headers, body: body.toString() });
  return { status: answer.status, body: await answer.text() };
}

async function main() {
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  const results = [];
  for (const each of JSON.parse(input)) results.push(await call(each));
  process.stdout.write(JSON.stringify(results));
}

main();
