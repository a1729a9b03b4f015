import { createHmac } from "node:crypto";

/** What an authenticator app shows after scanning `barcodeUri`, at a time in Unix seconds (RFC 6238, and the `otpauth:` key URI). */
export function codeOf(barcodeUri, seconds) {
  const uri = new URL(barcodeUri);
  if (uri.protocol !== "otpauth:" || uri.host !== "totp") throw new Error(`not a TOTP key URI: ${uri.protocol}//${uri.host}`);
  const parameter = (name, otherwise) => uri.searchParams.get(name) ?? otherwise;
  const digits = Number(parameter("digits", 6));

  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / Number(parameter("period", 30)))));
  const mac = createHmac(parameter("algorithm", "SHA1"), base32(parameter("secret"))).update(counter).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 0xf) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

/** RFC 4648 §6, without padding. */
function base32(text) {
  const bits = [...text].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  return Buffer.from(bits.join("").match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}
