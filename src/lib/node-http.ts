/** Not imported: an import reads every export, and one of them loads all of undici, 35 ms of a start. */
export const { Agent, createServer, request } = process.getBuiltinModule("node:http");
