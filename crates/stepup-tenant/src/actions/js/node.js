// What Actions use of Node.js's Buffer, text codecs, crypto and copies.
// Evaluates to a function of what the scripts share.
// Bytes travel to the host as strings of the characters U+0000 to U+00FF.
(function (tenant) {
  "use strict";

  const { host } = tenant;

  const CHUNK = 8192;

  function binaryOf(bytes) {
    let binary = "";
    for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
    return binary;
  }
  function viewOf(value) {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  const isBytes = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  const base64url = (binary) => btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const decoders = {
    ascii: (text) => text,
    base64: (text) => atob(text.replace(/[^A-Za-z0-9+/_-]/g, "").replace(/-/g, "+").replace(/_/g, "/")),
    hex: (text) => (text.match(/^(?:[0-9a-f]{2})*/i)[0].match(/../g) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join(""),
    latin1: (text) => text,
    utf8: (text) => host.utf8Encode(text.toWellFormed()),
  };
  decoders.base64url = decoders.base64;
  const encoders = {
    ascii: (binary) => binary,
    base64: (binary) => btoa(binary),
    base64url,
    hex: (binary) => Array.from(binary, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join(""),
    latin1: (binary) => binary,
    utf8: (binary) => host.utf8Decode(binary),
  };
  for (const codec of [decoders, encoders]) Object.assign(codec, { "utf-8": codec.utf8, binary: codec.latin1 });
  function pick(codec, encoding = "utf8") {
    const known = String(encoding).toLowerCase();
    if (!Object.hasOwn(codec, known)) throw new TypeError(`Unknown encoding: ${encoding}`);
    return codec[known];
  }

  class Buffer extends Uint8Array {
    static from(value, encoding) {
      if (typeof value === "string") {
        const binary = pick(decoders, encoding)(value);
        return Uint8Array.from.call(Buffer, binary, (byte) => byte.charCodeAt(0));
      }
      if (value instanceof ArrayBuffer) return new Buffer(value);
      return Uint8Array.from.call(Buffer, value);
    }
    static alloc(size) { return new Buffer(size); }
    static byteLength(value, encoding) { return Buffer.from(value, encoding).length; }
    static concat(buffers) { return Buffer.from(buffers.flatMap((buffer) => [...buffer])); }
    static isBuffer(value) { return value instanceof Buffer; }
    equals(other) { return binaryOf(this) === binaryOf(other); }
    toString(encoding) { return pick(encoders, encoding)(binaryOf(this)); }
    toJSON() { return { type: "Buffer", data: [...this] }; }
  }

  const binary = (value, encoding) => isBytes(value) ? binaryOf(viewOf(value)) : pick(decoders, encoding)(String(value));

  class Digest {
    #data = "";
    #finish;
    constructor(algorithm, finish) {
      if (!/^sha-?256$/i.test(algorithm)) throw new Error(`Digest method not supported: ${algorithm}; an Action of this tenant has sha256`);
      this.#finish = finish;
    }
    update(value, encoding) { this.#data += binary(value, encoding); return this; }
    digest(encoding) {
      const digest = Buffer.from(this.#finish(this.#data), "latin1");
      return encoding === undefined ? digest : digest.toString(encoding);
    }
  }

  const randomBytes = (size) => Buffer.from(host.randomBytes(Number(size)), "latin1");
  function randomUUID() {
    const bytes = randomBytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
  function getRandomValues(array) {
    viewOf(array).set(randomBytes(array.byteLength));
    return array;
  }

  return {
    Buffer,
    TextDecoder: class TextDecoder {
      get encoding() { return "utf-8"; }
      decode(bytes = new Uint8Array()) { return host.utf8Decode(binaryOf(viewOf(bytes)).replace(/^\xef\xbb\xbf/, "")); }
    },
    TextEncoder: class TextEncoder {
      get encoding() { return "utf-8"; }
      encode(text = "") { return Uint8Array.from(host.utf8Encode(String(text).toWellFormed()), (byte) => byte.charCodeAt(0)); }
    },
    structuredClone: (value) => value === undefined ? undefined : JSON.parse(JSON.stringify(value)),
    crypto: { getRandomValues, randomUUID },
    cryptoModule: {
      createHash: (algorithm) => new Digest(algorithm, (data) => host.sha256(data)),
      createHmac: (algorithm, key) => new Digest(algorithm, (data) => host.hmacSha256(binary(key), data)),
      getRandomValues,
      randomBytes,
      randomUUID,
      timingSafeEqual: (a, b) => {
        if (a.byteLength !== b.byteLength) throw new RangeError("Input buffers must have the same byte length");
        return host.constantTimeEqual(binaryOf(viewOf(a)), binaryOf(viewOf(b)));
      },
      webcrypto: { getRandomValues, randomUUID },
    },
  };
})
