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
      const size = /^(?:rsa-)?sha-?(1|256|384|512)$/i.exec(algorithm)?.[1];
      if (size === undefined) {
        throw new Error(`Digest method not supported: ${algorithm}; an Action of this tenant has sha1, sha256, sha384 and sha512`);
      }
      this.#finish = (data) => finish(`sha${size}`, data);
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

  // The structured clone of HTML, of what an Action can have: `copies` holds what has been met on the way.
  function clone(value, copies) {
    if (typeof value === "function" || typeof value === "symbol") return refuse(String(value));
    if (typeof value !== "object" || value === null) return value;
    if (copies.has(value)) return copies.get(value);
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    const copied = (copy) => { copies.set(value, copy); return copy; };
    const members = (copy) => {
      for (const key of Object.keys(value)) copy[key] = clone(value[key], copies);
      return copy;
    };
    if (Array.isArray(value)) return members(copied(new Array(value.length)));
    if (value instanceof Map) {
      const copy = copied(new Map());
      for (const [key, inner] of value) copy.set(clone(key, copies), clone(inner, copies));
      return copy;
    }
    if (value instanceof Set) {
      const copy = copied(new Set());
      for (const inner of value) copy.add(clone(inner, copies));
      return copy;
    }
    if (value instanceof Date) return copied(new Date(value.getTime()));
    if (value instanceof RegExp) return copied(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return copied(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const View = value instanceof Buffer ? Uint8Array : value.constructor;
      return copied(new View(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)));
    }
    if (value instanceof Error) {
      const copy = copied(new (ERRORS.find((Kind) => value instanceof Kind) ?? Error)(value.message));
      return Object.assign(copy, { stack: value.stack }, "cause" in value ? { cause: clone(value.cause, copies) } : {});
    }
    if (["Boolean", "Number", "String"].includes(kind)) return copied(Object(value.valueOf()));
    return kind === "Object" ? members(copied({})) : refuse(`#<${kind}>`);
  }
  const ERRORS = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  function refuse(what) {
    throw Object.assign(new Error(`${what} could not be cloned.`), { name: "DataCloneError" });
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
    structuredClone: (value) => clone(value, new Map()),
    crypto: { getRandomValues, randomUUID },
    cryptoModule: {
      createHash: (algorithm) => new Digest(algorithm, (name, data) => host.digest(name, data)),
      createHmac: (algorithm, key) => new Digest(algorithm, (name, data) => host.hmac(name, binary(key), data)),
      getHashes: () => ["sha1", "sha256", "sha384", "sha512"],
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
