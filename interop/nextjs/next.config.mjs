import { join } from "node:path";

/** @type {import("next").NextConfig} */
export default {
  // The packages are those of the folder above.
  turbopack: { root: join(import.meta.dirname, "..") },
  poweredByHeader: false,
};
